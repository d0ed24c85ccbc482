/** Which route a request gets, or why none: one decision, for traffic and for `explain`. */
import type { Plan, RoutedMatch } from "./config/plan.ts";
import type { ClientIdentity } from "./core/connection-tls.ts";
import { ProxyError } from "./core/errors.ts";
import type { ResolvedClient } from "./http/forwarded.ts";
import { joinedValue } from "./http/headers.ts";
import type { FoundRoute, RoutableRequest, RouteResult } from "./routing/router.ts";
import type { TemplateScope } from "./routing/template.ts";

/** What the decision is made by. */
export interface Asked {
  readonly id: string;
  readonly client: ResolvedClient;
  readonly identity: ClientIdentity;
  readonly request: RoutableRequest;
  /** See `Screened`. */
  readonly encodedSlash: boolean;
}

export interface RouteChoice {
  readonly outcome: FoundRoute<RoutedMatch> | ProxyError;
  /** More specific routes that match and do not apply: redirects to the URL that was asked for. Undefined for none. */
  readonly passedOver: ReadonlySet<RoutedMatch> | undefined;
}

const scopeOf = (
  { id, client, identity, request }: Asked,
  params: TemplateScope["params"],
): TemplateScope => ({
  clientAddress: client.address,
  clientIdentity: identity,
  requestId: id,
  method: request.method,
  scheme: client.scheme,
  host: client.host,
  path: request.path,
  query: request.query,
  params,
  header: (name) => (request.disregarded.includes(name) ? undefined : joinedValue(request.pairs, name)),
});

/** A redirect that can't be made is not passed over: its service says what is wrong. */
const leadsBack = ({ value, params }: FoundRoute<RoutedMatch>, asked: Asked): boolean => {
  if (value.location === undefined) return false;
  try {
    return value.location(scopeOf(asked, params)) === undefined;
  } catch (error) {
    if (error instanceof ProxyError) return false;
    throw error;
  }
};

const encodedSlashRefused = (): ProxyError =>
  new ProxyError("bad-request", {
    detail:
      'encoded slash (%2F) in the path, which some servers take for a separator; `encodedSlash: "keep"` of the route or of `validation` lets it pass',
  });

/** What the router's answer comes to. */
const judge = (
  found: RouteResult<RoutedMatch>,
  { encodedSlash }: Asked,
  { config }: Plan,
): RouteChoice["outcome"] => {
  const slashes = found.kind === "found" ? found.value.route.encodedSlash : config.validation.encodedSlash;
  if (encodedSlash && slashes === "reject") return encodedSlashRefused();
  switch (found.kind) {
    case "found":
      return found;
    case "no-route":
      return new ProxyError("no-route");
    case "method-not-allowed":
      return new ProxyError("method-not-allowed", { headers: { allow: found.allow.join(", ") } });
  }
};

/**
 * Chooses the route of a request. Fails with `no-route`; with `method-not-allowed` and `allow`; with `bad-request` for an
 * encoded slash that the route, or without a route the config, does not keep.
 */
export const chooseRoute = (plan: Plan, asked: Asked): RouteChoice => {
  let passedOver: Set<RoutedMatch> | undefined;
  for (;;) {
    const outcome = judge(plan.router.find(asked.request, passedOver), asked, plan);
    if (outcome instanceof ProxyError || !leadsBack(outcome, asked)) return { outcome, passedOver };
    (passedOver ??= new Set()).add(outcome.value);
  }
};
