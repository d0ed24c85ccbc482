/**
 * What the proxy decides about a request from its head alone, before anything is done about it. A pure function of plan and
 * head: the gateway acts on it, and `explain` shows it.
 */
import { certificateFields } from "./certificate-fields.ts";
import type { Config } from "./config/types.ts";
import type { Plan, RoutedMatch } from "./config/plan.ts";
import type { RequestHead, Peer } from "./core/arrival.ts";
import { identityOf } from "./core/connection-tls.ts";
import { ProxyError } from "./core/errors.ts";
import { upgradeOf } from "./edge/upgrade.ts";
import { requestIdPolicy } from "./edge/request-id.ts";
import { type ValidationPolicy, validationPolicy } from "./edge/validation.ts";
import { type ResolvedClient, resolveClient } from "./http/forwarded.ts";
import { NO_HOST, matchHost } from "./http/host-matcher.ts";
import type { Screened } from "./http/screen.ts";
import { type RouteChoice, chooseRoute } from "./route-choice.ts";
import type { FoundRoute, RoutableRequest } from "./routing/router.ts";

/** What middleware around the gateway found out or asks for. */
export interface Surroundings {
  /** The request's id, if it has one already, and the fields that carry it to upstreams. */
  readonly id?: { readonly id: string; readonly fields: readonly string[] } | undefined;
  /** Lower-case names of request fields to keep from upstreams. */
  readonly drop?: readonly string[] | undefined;
  /** Besides the limit of the route. */
  readonly maxBodyBytes?: number | undefined;
  /** Security headers are added outside of the gateway, which leaves out its own. */
  readonly securityHeaders?: boolean | undefined;
  /** Keeps the isolate until work is done that goes on behind the response. */
  readonly background?: ((work: Promise<void>) => void) | undefined;
  /** Why the request can't be answered, whatever it asks for. */
  readonly refusal?: ProxyError | undefined;
}

/** What becomes of a request. */
export type Decision =
  | { readonly kind: "refused"; readonly error: ProxyError }
  | { readonly kind: "ready-page" }
  /** `OPTIONS *`, or OPTIONS with `Max-Forwards: 0`: about this proxy itself (RFC 9110 §9.3.7). */
  | { readonly kind: "server-options" }
  /** TRACE with `Max-Forwards: 0`, where TRACE is let through (RFC 9110 §9.3.8). */
  | { readonly kind: "trace" }
  | { readonly kind: "routed"; readonly found: FoundRoute<RoutedMatch> };

/** A request that was looked at. */
export interface Admission {
  readonly id: string;
  /** See `Exchange.idFields`. */
  readonly idFields: readonly string[];
  readonly decision: Decision;
  /** Whether the client used https. */
  readonly secure: boolean;
  /** What the head means; undefined where it must not be believed. */
  readonly screened: Screened | undefined;
  readonly client: ResolvedClient | undefined;
  /** Protocol that the client asks to switch to and its route allows, as it was written; undefined for none. */
  readonly upgrade: string | undefined;
  /** What it is routed by. */
  readonly request: RoutableRequest | undefined;
  /** What the routes had to say; undefined where none was asked. */
  readonly choice: RouteChoice | undefined;
}

/** Decides about `head`. Never throws. */
export type Admit = (head: RequestHead, peer: Peer, surroundings: Surroundings | undefined) => Admission;

export interface AdmissionOptions {
  readonly plan: Plan;
  readonly newId: () => string;
  /** False for a single handler in an app: an id that nothing else in the app knows is not sent upstream. */
  readonly sendsId: boolean;
}

const NO_FIELDS: readonly string[] = Object.freeze([]);

/** Compiles the decision for a plan. */
export const admission = ({ plan, newId, sendsId }: AdmissionOptions): Admit => {
  const { config, trusted } = plan;
  const ids = requestIdPolicy({ ...config.requestId, generate: newId });
  const validate = validationOf(config);
  const ownIdFields = sendsId ? [ids.header] : NO_FIELDS;
  const { readyPath } = config.listen;
  const certificateFieldsIn = fieldsOf(certificateFields(config));

  /** What is answered before any route is asked. */
  const decideAlone = (head: RequestHead, screened: Screened): Decision | undefined => {
    if (screened.path === "*") return { kind: "server-options" };
    if (readyPath !== undefined && screened.path === readyPath && isRead(head.method)) {
      return { kind: "ready-page" };
    }
    if (head.notes.maxForwards !== undefined && /^0+$/.test(head.notes.maxForwards)) {
      if (head.method === "OPTIONS") return { kind: "server-options" };
      if (head.method === "TRACE") return { kind: "trace" };
    }
    return undefined;
  };

  return (head, peer, surroundings) => {
    const trustedPeer = trusted.any && trusted.includes(peer);
    const known = surroundings?.id;
    const id = known === undefined ? ids.idOf(head.fields, trustedPeer) : known.id;
    const idFields = known === undefined ? ownIdFields : withField(known.fields, ownIdFields);
    const validated = validate(head);
    const checked = validated instanceof ProxyError ? validated : (surroundings?.refusal ?? validated);
    if (checked instanceof ProxyError) {
      const secure = head.scheme === "https";
      return {
        id,
        idFields,
        decision: refused(checked),
        secure,
        screened: undefined,
        client: undefined,
        upgrade: undefined,
        request: undefined,
        choice: undefined,
      };
    }
    const screened = withDrop(withDrop(checked, surroundings?.drop), certificateFieldsIn(head.fields));
    const client = resolveClient(head.fields, peer, head.scheme, screened.authority, trusted);
    const request: RoutableRequest = {
      method: head.method,
      host: screened.host,
      path: screened.path,
      query: screened.query,
      pairs: head.fields,
      disregarded: client.trustedPeer ? screened.drop : joined(screened.drop, client.drop),
    };
    const unserved = forwardedHostRefusal(client, screened, config.validation.hosts);
    const alone =
      unserved === undefined
        ? (decideAlone(head, screened) ?? misdirected(head, screened, client))
        : refused(unserved);
    const choice =
      alone === undefined
        ? chooseRoute(plan, {
            id,
            client,
            identity: identityOf(head),
            request,
            encodedSlash: screened.encodedSlash,
          })
        : undefined;
    const decision = alone ?? decisionOf(choice);
    const upgrade =
      decision.kind === "routed" ? upgradeOf(head, decision.found.value.route.upgrade) : undefined;
    const secure = client.scheme === "https";
    return { id, idFields, decision, secure, screened, client, upgrade, request, choice };
  };
};

const refused = (error: ProxyError): Decision => ({ kind: "refused", error });

const decisionOf = (choice: RouteChoice | undefined): Decision => {
  const outcome = choice?.outcome ?? new ProxyError("no-route");
  return outcome instanceof ProxyError ? refused(outcome) : { kind: "routed", found: outcome };
};

const validationOf = ({ validation, listen: { limits } }: Config): ValidationPolicy =>
  validationPolicy({
    methods: validation.methods,
    hosts: validation.hosts,
    contentTypes: validation.contentTypes,
    underscores: validation.underscores,
    headerBytes: limits.headerBytes,
    headers: limits.headers,
    targetBytes: limits.targetBytes,
  });

const isRead = (method: string): boolean => method === "GET" || method === "HEAD";

const withField = (fields: readonly string[], own: readonly string[]): readonly string[] => [
  ...new Set([...fields, ...own]),
];

const withDrop = (screened: Screened, drop: readonly string[] | undefined): Screened =>
  drop === undefined || drop.length === 0 ? screened : { ...screened, drop: joined(screened.drop, drop) };

/**
 * Checks the forwarded host against `validation.hosts` too: many proxies pass on a Host that the client chose, and
 * redirects and upstreams see it.
 */
const forwardedHostRefusal = (
  { host: authority }: ResolvedClient,
  screened: Screened,
  served: readonly string[] | undefined,
): ProxyError | undefined => {
  if (served === undefined || authority === screened.authority) return undefined;
  const host = authority.replace(/:\d*$/, "");
  if (matchHost(served, host) !== NO_HOST) return undefined;
  const detail = `forwarded host ${host} is not served here (validation.hosts)`;
  return new ProxyError("host-not-allowed", { detail });
};

/** A proxy in front looks at certificates for its clients; what it asks for is its own affair (RFC 9110 §7.4). */
const misdirected = (
  { tls }: RequestHead,
  { host }: Screened,
  { trustedPeer }: ResolvedClient,
): Decision | undefined => {
  if (tls === undefined || trustedPeer || host === "" || tls.covers(host)) return undefined;
  const detail = `host ${host} is none of the names of this connection's certificate (listen.tls.checkHost)`;
  return refused(new ProxyError("host-not-allowed", { detail }));
};

/** Finds those of the lower-case `names` that a request has. */
const fieldsOf = (names: ReadonlySet<string>): ((fields: RequestHead["fields"]) => readonly string[]) => {
  if (names.size === 0) return () => NO_FIELDS;
  return (fields) => fields.flatMap((name, index) => lowerIn(names, index % 2 === 0 ? name : ""));
};

const lowerIn = (names: ReadonlySet<string>, name: string): readonly string[] => {
  const lower = name.toLowerCase();
  return names.has(lower) ? [lower] : NO_FIELDS;
};

/** A new list only where both hold something. */
export const joined = (a: readonly string[], b: readonly string[]): readonly string[] => {
  if (b.length === 0) return a;
  return a.length === 0 ? b : [...a, ...b];
};

/** A request as TRACE sends it back, less what only its owner should read (RFC 9110 §9.3.8). */
export const traced = (head: RequestHead, isSecret: (name: string) => boolean): string => {
  let text = `${head.method} ${head.target} HTTP/${head.version ?? "1.1"}\r\n`;
  for (let i = 0; i < head.fields.length; i += 2) {
    const name = head.fields[i] ?? "";
    if (!isSecret(name)) text += `${name}: ${head.fields[i + 1] ?? ""}\r\n`;
  }
  return `${text}\r\n`;
};
