/** What stands in the middle of a route's stack: the service that forwards, redirects or answers by itself. */
import type { CompiledEdits, ForwardTarget, RoutedMatch } from "./config/plan.ts";
import type { Config } from "./config/types.ts";
import { ProxyError } from "./core/errors.ts";
import type { Exchange } from "./core/exchange.ts";
import { localResponse } from "./core/local-response.ts";
import type { Platform } from "./core/platform.ts";
import type { Service } from "./core/service.ts";
import { exchangeScope } from "./exchange-scope.ts";
import { type EditSource, forward } from "./upstream/forward.ts";
import { weightedSplit } from "./upstream/split.ts";

/** Rejects with `no-endpoint` where every upstream of the route has weight 0. */
export const actionService = (match: RoutedMatch, config: Config, platform: Platform): Service => {
  const { action, responseHeaders } = match.route;
  switch (action.kind) {
    case "forward": {
      const pick = weightedSplit(
        action.targets.map((target) => ({
          weight: target.weight,
          value: forwardTo(target, match, config, platform),
        })),
      );
      if (pick === undefined) {
        return () =>
          Promise.reject(
            new ProxyError("no-endpoint", { detail: `every upstream of "${match.route.name}" has weight 0` }),
          );
      }
      return (exchange) => pick()(exchange);
    }
    case "redirect":
      return async (exchange) =>
        localResponse(exchange, {
          status: action.status,
          fields: ["location", match.location?.(exchangeScope(exchange)) ?? "/"],
          body: null,
          edits: editSource(responseHeaders).render(exchange),
        });
    case "respond": {
      const fields = Object.entries(action.respond.headers).flat();
      return async (exchange) =>
        localResponse(exchange, {
          status: action.respond.status,
          fields,
          body: action.respond.body,
          edits: editSource(responseHeaders).render(exchange),
        });
    }
  }
};

const forwardTo = (
  target: ForwardTarget,
  match: RoutedMatch,
  config: Config,
  platform: Platform,
): Service => {
  const { action } = match.route;
  const host = action.kind === "forward" ? action.host : undefined;
  return forward({
    upstream: target.upstream,
    transport: platform.transport,
    forwarding: config.forwarding,
    timeouts: target.timeouts,
    target: targetOf(match),
    host: host && ((exchange) => host.render(exchangeScope(exchange))),
    requestEdits: editSource(target.requestHeaders),
    responseEdits: editSource(target.responseHeaders),
  });
};

const targetOf = ({ target }: RoutedMatch): ((exchange: Exchange) => string) =>
  target === undefined
    ? (exchange) => exchange.target
    : (exchange) => target(exchange.path, exchange.query, exchangeScope(exchange));

const editSource = (edits: CompiledEdits): EditSource => ({
  constant: edits.constant,
  render: (exchange) => edits.constant ?? edits.render(exchangeScope(exchange)),
});
