/** The exchange of a request that has found its route. */
import { type Admission, type Surroundings, joined } from "./admission.ts";
import type { RoutedMatch } from "./config/plan.ts";
import type { Arrival } from "./core/arrival.ts";
import { ProxyError } from "./core/errors.ts";
import type { ExchangeTrace } from "./core/exchange-trace.ts";
import type { Exchange, Trail } from "./core/exchange.ts";
import { limitedBody } from "./core/limited-body.ts";
import type { FoundRoute } from "./routing/router.ts";

/** `exchange` with the body limit and background work of the app around the gateway. */
export const withSurroundings = (exchange: Exchange, surroundings: Surroundings | undefined): Exchange => {
  if (surroundings === undefined) return exchange;
  const { maxBodyBytes: maxBytes, background } = surroundings;
  if (maxBytes === undefined && background === undefined) return exchange;
  const body = maxBytes === undefined ? exchange.body : limitedBody(exchange.body, maxBytes);
  return { ...exchange, body, background };
};

export interface ExchangeParts {
  readonly arrival: Arrival;
  readonly admitted: Admission;
  readonly trail: Trail;
  readonly trace: ExchangeTrace | undefined;
}

/** What the route's stack gets. */
export const exchangeOf = (
  { arrival, admitted, trail, trace }: ExchangeParts,
  { value: match, params }: FoundRoute<RoutedMatch>,
): Exchange => {
  const { screened, client, request } = admitted;
  if (screened === undefined || client === undefined || request === undefined) {
    throw new ProxyError("internal", { detail: "routed without having been looked at" });
  }
  return {
    id: admitted.id,
    arrival,
    client,
    route: match.route.name,
    params,
    target: screened.target,
    path: screened.path,
    query: screened.query,
    idFields: admitted.idFields,
    drop: client.trustedPeer ? joined(screened.drop, client.drop) : request.disregarded,
    disregarded: request.disregarded,
    upgrade: admitted.upgrade,
    body: arrival.body,
    endsAt: Number.POSITIVE_INFINITY,
    cancellation: arrival.cancellation,
    trace,
    trail,
  };
};
