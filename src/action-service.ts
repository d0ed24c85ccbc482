/** What stands in the middle of a route's stack: the service that forwards, redirects or answers by itself. */
import { hashKey } from "./balance/hash-key.ts";
import type { CompiledEdits, ForwardTarget, MirrorTarget, RouteAction, RoutedMatch } from "./config/plan.ts";
import type { Config } from "./config/types.ts";
import { ProxyError } from "./core/errors.ts";
import type { EditSource, Exchange } from "./core/exchange.ts";
import { textReply } from "./core/local-reply.ts";
import type { Platform } from "./core/platform.ts";
import { type Layer, type Service, stack } from "./core/service.ts";
import { type HeaderEdits, type HeaderPairs, mergeEdits } from "./http/header-edits.ts";
import { exchangeScope } from "./exchange-scope.ts";
import { forward } from "./upstream/forward.ts";
import { stickySplit, weightedSplit } from "./upstream/split.ts";
import { transportOf } from "./planned-upstream.ts";
import { RETRY_DEFAULTS } from "./policy-settings.ts";
import { reportUpstream } from "./upstream-stack.ts";
import { failover } from "./resilience/failover.ts";
import { mirror } from "./resilience/mirror.ts";

/** What services that forward have in common. */
export interface ForwardingParts {
  readonly config: Config;
  readonly platform: Platform;
}

/** Rejects with `no-endpoint` where every upstream of the route has weight 0. */
export const actionService = (match: RoutedMatch, parts: ForwardingParts): Service => {
  const { config } = parts;
  const { action, responseHeaders } = match.route;
  switch (action.kind) {
    case "forward":
      return stack(routeLayers(action, match, parts))(splitService(action, match, parts));
    case "redirect":
      return async (exchange) =>
        textReply(action.status, ["location", match.location?.(exchangeScope(exchange)) ?? "/"], "");
    case "respond": {
      const fields = Object.entries(action.respond.headers).flat();
      const reply = textReply(action.respond.status, fields, action.respond.body);
      const edits = withOwnId(fields, config.requestId.header, editSource(responseHeaders));
      return async (exchange) => {
        exchange.trail.edits = edits;
        return reply;
      };
    }
  }
};

type Forward = Extract<RouteAction, { readonly kind: "forward" }>;

/** What a route does besides choosing an upstream: copies, and other upstreams where that one can't answer. */
const routeLayers = (action: Forward, match: RoutedMatch, parts: ForwardingParts): readonly Layer[] => {
  const { failover: others, mirror: copies } = action;
  const layers: Layer[] = [];
  if (copies !== undefined) layers.push(mirrorLayer(copies, match, parts));
  if (others.length > 0) {
    const { rules, replayBytes } = RETRY_DEFAULTS;
    const services = others.map((target) => forwardTo(target, match, parts));
    layers.push(failover({ others: services, rules, replayBytes }));
  }
  return layers;
};

const NO_REWRITE = { location: false, cookies: false };

const mirrorLayer = (mirrored: MirrorTarget, match: RoutedMatch, parts: ForwardingParts): Layer => {
  const { clock, random, telemetry } = parts.platform;
  const { target, share, bodyBytes, inProgress } = mirrored;
  const upstream = target.upstream.name;
  return mirror({
    service: forwardTo(target, match, parts),
    share,
    random,
    clock,
    maxInProgress: inProgress,
    maxBytes: bodyBytes,
    limitMs: target.timeouts.firstByteMs || MIRROR_LIMIT_MS,
    onMirror: (result) => reportUpstream({ telemetry }, { kind: "mirrored", upstream, result }),
  });
};

const MIRROR_LIMIT_MS = 15_000;

const splitService = ({ targets, sticky }: Forward, match: RoutedMatch, parts: ForwardingParts): Service => {
  const shares = targets.map((target) => ({
    name: target.upstream.name,
    weight: target.weight,
    value: forwardTo(target, match, parts),
  }));
  const pick = sticky === undefined ? weightedSplit(shares) : stickySplit({ shares, keyOf: hashKey(sticky) });
  if (pick === undefined) {
    return () =>
      Promise.reject(
        new ProxyError("no-endpoint", { detail: `every upstream of "${match.route.name}" has weight 0` }),
      );
  }
  return (exchange) => pick(exchange)(exchange);
};

/** The upstream's own stack around the attempts at its endpoints. */
const forwardTo = (
  target: ForwardTarget,
  match: RoutedMatch,
  { config, platform }: ForwardingParts,
): Service => {
  const { action, responseHeaders } = match.route;
  const host = action.kind === "forward" ? action.host : undefined;
  const attempts = forward({
    upstream: target.upstream,
    transport: transportOf(target.upstream, platform),
    telemetry: platform.telemetry,
    clock: platform.clock,
    forwarding: config.forwarding,
    timeouts: target.timeouts,
    target: targetOf(match),
    host: host && ((exchange) => host.render(exchangeScope(exchange))),
    requestEdits: editSource(target.requestHeaders),
    responseRewrite: action.kind === "forward" ? action.responseRewrite : NO_REWRITE,
    taken: match.taken,
  });
  const service = stack(target.upstream.layers.map(({ layer }) => layer))(attempts);
  if (target.responseHeaders === responseHeaders) return service;
  const edits = editSource(target.responseHeaders);
  return (exchange) => {
    exchange.trail.edits = edits;
    return service(exchange);
  };
};

/** A fixed response may have an id of its own: no upstream sent it. */
const withOwnId = (fields: HeaderPairs, idHeader: string, edits: EditSource): EditSource => {
  const at = fields.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === idHeader);
  if (at === -1) return edits;
  const own: HeaderEdits = { drop: new Set([idHeader]), fallback: [], add: [idHeader, fields[at + 1] ?? ""] };
  return {
    constant: edits.constant && mergeEdits(own, edits.constant),
    render: (exchange) => mergeEdits(own, edits.render(exchange)),
  };
};

const targetOf = ({ target }: RoutedMatch): ((exchange: Exchange) => string) =>
  target === undefined
    ? (exchange) => exchange.target
    : (exchange) => target(exchange.path, exchange.query, exchangeScope(exchange));

/** Edits of the config, rendered from an exchange. */
export const editSource = (edits: CompiledEdits): EditSource => ({
  constant: edits.constant,
  render: (exchange) => edits.constant ?? edits.render(exchangeScope(exchange)),
});
