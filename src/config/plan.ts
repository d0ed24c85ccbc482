/**
 * Config → Plan: everything that can be decided before the first request is decided here, once.
 *
 * A plan is immutable, apart from its balancers' turns; the state of endpoints lives in the registry. A reload builds a new
 * plan over the same registry and swaps it in.
 */
import type { HashKeyOptions } from "../balance/hash-key.ts";
import type { AttemptTimeouts } from "../core/endpoint.ts";
import { type TrustedRanges, compileTrusted } from "../http/forwarded.ts";
import type { HeaderEdits } from "../http/header-edits.ts";
import { compileHeaderEdits } from "../routing/header-template.ts";
import { compileHost } from "../routing/host-template.ts";
import type { RouteMatch } from "../routing/match.ts";
import { compileRedirect } from "../routing/redirect.ts";
import { compileRewrite, compileTaken } from "../routing/rewrite.ts";
import { type Router, compileRouter } from "../routing/router.ts";
import type { EncodedSlash } from "../routing/target-template.ts";
import type { Template, TemplateScope } from "../routing/template.ts";
import type { ResponseRewrite } from "../upstream/response-rewrite.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type {
  Config,
  HeaderEditConfig,
  MirrorConfig,
  RespondConfig,
  RouteConfig,
  UpstreamConfig,
  WeightedUpstream,
} from "./types.ts";

/** Header edits compiled from the config: constant, or rendered for each request. */
export interface CompiledEdits {
  readonly constant: HeaderEdits | undefined;
  render(scope: TemplateScope): HeaderEdits;
}

/** One upstream of a route's split. */
export interface ForwardTarget {
  readonly upstream: Upstream;
  readonly weight: number;
  readonly timeouts: AttemptTimeouts;
  readonly requestHeaders: CompiledEdits;
  /** The route's own object where the share has no edits of its own. */
  readonly responseHeaders: CompiledEdits;
}

/** Where copies of a share of requests go. */
export interface MirrorTarget extends Omit<MirrorConfig, "upstream"> {
  readonly target: ForwardTarget;
}

/** What a route does with a request. */
export type RouteAction =
  | {
      readonly kind: "forward";
      readonly targets: readonly ForwardTarget[];
      /** What clients that stay at one target are known by. */
      readonly sticky: HashKeyOptions | undefined;
      /** Tried in order where the target that was chosen can't answer. */
      readonly failover: readonly ForwardTarget[];
      readonly mirror: MirrorTarget | undefined;
      /** Host field instead of the upstream's policy. */
      readonly host: Template | undefined;
      readonly responseRewrite: ResponseRewrite;
    }
  | { readonly kind: "redirect"; readonly status: number }
  | { readonly kind: "respond"; readonly respond: RespondConfig };

/** A route, compiled. */
export interface RoutePlan {
  readonly name: string;
  readonly action: RouteAction;
  /** Infinity is no limit. */
  readonly totalMs: number;
  /** Infinity is no limit. */
  readonly maxBodyBytes: number;
  /** Lower-case names of protocols that clients may switch to. */
  readonly upgrade: ReadonlySet<string>;
  /** What becomes of requests with an encoded slash in their path. */
  readonly encodedSlash: EncodedSlash;
  /** The route's edits of the response, whoever made it. */
  readonly responseHeaders: CompiledEdits;
  /** Hono middleware of the gateway and then of the route. */
  readonly middleware: readonly unknown[];
}

/** What a match of a route leads to: its plan, and what depends on how it matched. */
export interface RoutedMatch {
  readonly route: RoutePlan;
  /** Path and query to ask the upstream for; undefined where it is the client's own. */
  readonly target: ((path: string, query: string, scope: TemplateScope) => string) | undefined;
  /** How much of the client's path `target` takes off its front; undefined where all of it is replaced. */
  readonly taken: ((path: string) => number) | undefined;
  /**
   * Value of `Location`; makes undefined for requests that the redirect does not apply to, see `compileRedirect`. Undefined
   * where the route does not redirect.
   */
  readonly location: ((scope: TemplateScope) => string | undefined) | undefined;
}

/** A whole gateway, compiled. */
export interface Plan {
  readonly config: Config;
  readonly router: Router<RoutedMatch>;
  readonly entries: readonly { readonly match: RouteMatch; readonly value: RoutedMatch }[];
  readonly routes: readonly RoutePlan[];
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly trusted: TrustedRanges;
}

const NO_HEADER_EDITS: HeaderEditConfig = { set: {}, append: {}, remove: [] };

/** Makes an upstream of what the config says of it. */
export type CreateUpstream = (name: string, config: UpstreamConfig) => Upstream;

/** Compiles a validated config. Throws `TypeError` only where the config was not validated. */
export const buildPlan = (config: Config, createUpstream: CreateUpstream): Plan => {
  const upstreams = new Map<string, Upstream>();
  for (const [name, upstream] of Object.entries(config.upstreams)) {
    upstreams.set(name, createUpstream(name, upstream));
  }
  const routes: RoutePlan[] = [];
  const entries: { match: RouteMatch; value: RoutedMatch }[] = [];
  for (const route of config.routes) {
    const plan = planRoute(route, config, upstreams);
    routes.push(plan);
    for (const match of route.match) entries.push({ match, value: planMatch(plan, route, match) });
  }
  return {
    config,
    router: compileRouter(entries),
    entries,
    routes,
    upstreams,
    trusted: compileTrusted(config.listen.trustedProxies),
  };
};

const planRoute = (
  route: RouteConfig,
  config: Config,
  upstreams: ReadonlyMap<string, Upstream>,
): RoutePlan => {
  const responseHeaders = compileHeaderEdits(route.responseHeaders ?? NO_HEADER_EDITS);
  return {
    name: route.name,
    action: planAction(route, upstreams, responseHeaders),
    totalMs: route.timeouts.totalMs || Number.POSITIVE_INFINITY,
    maxBodyBytes: route.bodyBytes ?? config.listen.limits.bodyBytes,
    // What the proxy answers itself is never a tunnel.
    upgrade: new Set(
      route.upstreams === undefined ? [] : route.upgrade.map((protocol) => protocol.toLowerCase()),
    ),
    encodedSlash: route.encodedSlash ?? config.validation.encodedSlash,
    responseHeaders,
    middleware: [...config.middleware, ...route.middleware],
  };
};

const planAction = (
  route: RouteConfig,
  upstreams: ReadonlyMap<string, Upstream>,
  responseHeaders: CompiledEdits,
): RouteAction => {
  if (route.redirect !== undefined) return { kind: "redirect", status: route.redirect.status };
  if (route.respond !== undefined) return { kind: "respond", respond: route.respond };
  const targetOf = (name: string, share?: WeightedUpstream): ForwardTarget => {
    const upstream = upstreams.get(name);
    if (upstream === undefined) throw new TypeError(`route "${route.name}": no upstream "${name}"`);
    return {
      upstream,
      weight: share?.weight ?? 1,
      timeouts: routeTimeouts(upstream.timeouts, route),
      requestHeaders: compileHeaderEdits(joined(route.requestHeaders, share?.requestHeaders)),
      responseHeaders:
        share?.responseHeaders === undefined
          ? responseHeaders
          : compileHeaderEdits(joined(route.responseHeaders, share.responseHeaders)),
    };
  };
  const host = route.rewrite?.host;
  const { mirror } = route;
  return {
    kind: "forward",
    targets: (route.upstreams ?? []).map((share) => targetOf(share.name, share)),
    sticky: route.sticky,
    failover: (route.failover ?? []).map((name) => targetOf(name)),
    mirror: mirror && { ...mirror, target: targetOf(mirror.upstream) },
    host: host === undefined ? undefined : compileHost(host),
    responseRewrite: {
      location: route.rewrite?.location ?? true,
      cookies: route.rewrite?.cookies ?? true,
    },
  };
};

const routeTimeouts = (upstream: AttemptTimeouts, { timeouts }: RouteConfig): AttemptTimeouts => ({
  connectMs: upstream.connectMs,
  firstByteMs: timeouts.firstByteMs ?? upstream.firstByteMs,
  idleMs: timeouts.idleMs ?? upstream.idleMs,
  eventStreamIdleMs: timeouts.idleMs ?? upstream.eventStreamIdleMs,
  tunnelIdleMs: timeouts.tunnelIdleMs ?? upstream.tunnelIdleMs,
});

/** The route's edits, then the share's: what both name is the share's. */
const joined = (
  route: HeaderEditConfig | undefined,
  share: HeaderEditConfig | undefined,
): HeaderEditConfig => {
  if (route === undefined || share === undefined) return route ?? share ?? NO_HEADER_EDITS;
  const overruled = new Set([...Object.keys(share.set), ...share.remove]);
  const keep = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(record).filter(([name]) => !overruled.has(name)));
  const append: Record<string, readonly string[]> = keep(route.append);
  for (const [name, values] of Object.entries(share.append))
    append[name] = [...(append[name] ?? []), ...values];
  return {
    set: { ...keep(route.set), ...share.set },
    append,
    remove: [...route.remove.filter((name) => !(name in share.set)), ...share.remove],
  };
};

const planMatch = (plan: RoutePlan, route: RouteConfig, match: RouteMatch): RoutedMatch => ({
  route: plan,
  target: route.rewrite && compileRewrite(route.rewrite, match, plan.encodedSlash),
  taken: route.rewrite === undefined ? () => 0 : compileTaken(route.rewrite, match),
  location: route.redirect && compileRedirect(route.redirect, match, plan.encodedSlash),
});
