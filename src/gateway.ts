/**
 * READ FIRST. A gateway is a plan and, for every route of it, one stack of layers around the service that
 * answers: `forward` to an upstream, a redirect or a fixed response.
 *
 * Client-facing middleware has run before; the Hono app around this stands in `handlers/gateway.ts`.
 */
import { actionService } from "./action-service.ts";
import type { Config } from "./config/types.ts";
import { type Plan, type RoutePlan, type RoutedMatch, buildPlan } from "./config/plan.ts";
import type { Arrival } from "./core/arrival.ts";
import { withDeadline } from "./core/deadline.ts";
import { ProxyError } from "./core/errors.ts";
import type { Exchange } from "./core/exchange.ts";
import type { Clock, Platform } from "./core/platform.ts";
import { type Layer, type Service, stack } from "./core/service.ts";
import type { ResolvedClient } from "./http/forwarded.ts";
import type { HeaderEdits } from "./http/header-edits.ts";
import type { Screened } from "./http/screen.ts";
import { clientOf, joined, requireServed, routable } from "./routable.ts";
import { chooseRoute } from "./route-choice.ts";
import type { FoundRoute } from "./routing/router.ts";

/** A request that passed the front desk. */
export interface Admitted {
  readonly id: string;
  /** See `Exchange`. */
  readonly idHeaders: readonly string[];
  readonly arrival: Arrival;
  readonly screened: Screened;
  /** Besides the limit of the route. */
  readonly maxBodyBytes: number;
  /** What middleware wants done to the response; see `Exchange`. */
  readonly responseEdits: readonly HeaderEdits[];
  readonly responseFields: readonly string[];
}

/** Routes admitted requests and answers them. */
export interface Gateway {
  readonly plan: Plan;
  /** Rejects only with `ProxyError`. */
  handle(admitted: Admitted): Promise<Response>;
}

/** Compiles `config` and builds one stack for each route. */
export const buildGateway = (config: Config, platform: Platform): Gateway => {
  const plan = buildPlan(config, platform.random);
  const services = new Map<RoutedMatch, Service>();
  for (const { value } of plan.entries) services.set(value, routeService(value, config, platform));
  return {
    plan,
    async handle(admitted) {
      const { arrival, screened } = admitted;
      const client = clientOf(plan, arrival, screened);
      requireServed(client, screened, config.validation.hosts);
      const request = routable(arrival.head, screened, client);
      const { encodedSlash } = screened;
      const { outcome: found } = chooseRoute(plan, { id: admitted.id, client, request, encodedSlash });
      if (found instanceof ProxyError) throw found;
      const service = services.get(found.value);
      if (service === undefined) throw new ProxyError("internal", { detail: "route without a service" });
      return service(exchangeOf(admitted, client, request.disregarded, found));
    },
  };
};

const routeService = (match: RoutedMatch, config: Config, platform: Platform): Service =>
  stack(routeLayers(match.route, platform.clock).map(({ layer }) => layer))(
    actionService(match, config, platform),
  );

/** The layers of a route, outermost first. A route has only those that its config asks for. */
export const routeLayers = (
  route: RoutePlan,
  clock: Clock,
): readonly { readonly name: string; readonly layer: Layer }[] => {
  const { maxBodyBytes, totalMs } = route;
  return [
    ...(maxBodyBytes === Number.POSITIVE_INFINITY
      ? []
      : [{ name: `body limit ${maxBodyBytes} bytes`, layer: bodyLimit(maxBodyBytes) }]),
    ...(totalMs === undefined ? [] : [{ name: `deadline ${totalMs} ms`, layer: deadline(totalMs, clock) }]),
  ];
};

/** Refuses bodies that say they are too long; the transport counts those that don't say. */
const bodyLimit =
  (maxBytes: number): Layer =>
  (next) =>
  (exchange) =>
    exchange.contentLength !== undefined && exchange.contentLength > maxBytes
      ? Promise.reject(
          new ProxyError("body-too-large", {
            detail: `content-length ${exchange.contentLength} is over the limit of ${maxBytes} bytes`,
          }),
        )
      : next(exchange);

const deadline =
  (ms: number, clock: Clock): Layer =>
  (next) =>
  (exchange) =>
    next({ ...exchange, cancellation: withDeadline(exchange.cancellation, clock, ms) });

const exchangeOf = (
  admitted: Admitted,
  client: ResolvedClient,
  disregarded: readonly string[],
  { value: match, params }: FoundRoute<RoutedMatch>,
): Exchange => {
  const { arrival, screened } = admitted;
  return {
    id: admitted.id,
    idHeaders: admitted.idHeaders,
    arrival,
    client,
    route: match.route.name,
    params,
    target: screened.target,
    path: screened.path,
    query: screened.query,
    drop: client.trustedPeer ? joined(screened.drop, client.drop) : disregarded,
    disregarded,
    contentLength: screened.contentLength,
    responseEdits: admitted.responseEdits,
    responseFields: admitted.responseFields,
    maxBodyBytes: Math.min(match.route.maxBodyBytes, admitted.maxBodyBytes),
    cancellation: arrival.cancellation,
  };
};
