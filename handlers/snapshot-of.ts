/** The state of a gateway as plain data. */
import { type Endpoint, endpointAddress } from "../src/core/endpoint.ts";
import type { EndpointState } from "../src/core/endpoint-state.ts";
import type { RoutePlan } from "../src/config/plan.ts";
import type { Gateway } from "../src/gateway.ts";
import { HealthRecord } from "../src/health/health-record.ts";
import { endpointValues } from "../src/observe/server-address.ts";
import { NO_TRAFFIC, type TrafficReading } from "../src/observe/traffic.ts";
import { Breaker } from "../src/resilience/breaker.ts";
import { matchText } from "../src/routing/match-text.ts";
import { stateOfUpstream } from "../src/upstream-state.ts";
import type { Standing, Upstream } from "../src/upstream/upstream.ts";
import { endpointId } from "./endpoint-id.ts";
import type { BreakerSnapshot, EndpointSnapshot, RouteSnapshot, UpstreamSnapshot } from "./snapshot.ts";

export interface Moment {
  /** The clock's milliseconds. */
  readonly now: number;
  /** The same moment in milliseconds since 1970. */
  readonly epoch: number;
  /** Undefined where nothing is measured. */
  readonly traffic: TrafficReading | undefined;
  /** Puts `***` in place of the config's secrets. */
  readonly mask: (text: string) => string;
}

const SECOND_MS = 1_000;

export const routesOf = ({ plan }: Gateway, { traffic, mask }: Moment): readonly RouteSnapshot[] => {
  const matches = new Map<RoutePlan, string[]>();
  for (const { match, value } of plan.entries) {
    const texts = matches.get(value.route);
    if (texts === undefined) matches.set(value.route, [mask(matchText(match))]);
    else texts.push(mask(matchText(match)));
  }
  return plan.routes.map((route) => ({
    name: route.name,
    match: matches.get(route) ?? [],
    action: route.action.kind,
    upstreams:
      route.action.kind === "forward"
        ? route.action.targets.map(({ upstream, weight }) => ({ name: upstream.name, weight }))
        : [],
    traffic: traffic?.route(route.name) ?? NO_TRAFFIC,
  }));
};

export const upstreamOf = (upstream: Upstream, gateway: Gateway, moment: Moment): UpstreamSnapshot => {
  const { name } = upstream;
  const { registry, plan, checkers } = gateway;
  const config = plan.config.upstreams[name];
  const { retryBudget, concurrency } = stateOfUpstream(name, registry, moment.now);
  const policy = config?.balance.policy;
  return {
    name,
    balance: typeof policy === "string" ? policy : "function",
    checked: checkers.has(name),
    discovered: config?.discovery !== undefined,
    ...(retryBudget !== undefined && { retryBudget }),
    ...(concurrency !== undefined && { concurrency }),
    traffic: moment.traffic?.upstream(name) ?? NO_TRAFFIC,
    endpoints: upstream
      .standing()
      .map((standing, index) => endpointOf(standing, upstream.endpoints[index], moment)),
  };
};

/** @param configured the same endpoint with the weight that it was given. */
const endpointOf = (
  { endpoint, state, exclusion }: Standing,
  configured: Endpoint | undefined,
  moment: Moment,
): EndpointSnapshot => {
  const { byHand, inFlight } = state;
  const address = endpointId(endpoint);
  return {
    address,
    weight: {
      configured: configured?.weight ?? endpoint.weight,
      ...(byHand?.weight !== undefined && { byHand: byHand.weight }),
      effective: endpoint.weight,
    },
    drained: byHand?.isDrained === true,
    ...(exclusion !== undefined && { exclusion }),
    inFlight,
    ...(Number.isFinite(state.latencyAt) && { latency: state.latencyMs / SECOND_MS }),
    ...healthOf(state),
    ...breakerOf(state, moment),
    ...ejectionOf(state, moment),
    ...(endpoint.priority !== undefined && { priority: endpoint.priority }),
    ...(endpoint.zone !== undefined && { zone: endpoint.zone }),
    traffic:
      moment.traffic?.endpoint(endpointValues(endpoint.upstream, endpointAddress(endpoint))) ?? NO_TRAFFIC,
  };
};

const healthOf = ({ health }: EndpointState): Pick<EndpointSnapshot, "health"> => {
  if (!(health instanceof HealthRecord)) return {};
  const state = health.isUp ? "up" : health.wasChecked ? "down" : "unknown";
  return { health: { state, lastResult: health.lastResult } };
};

const breakerOf = ({ breaker }: EndpointState, moment: Moment): Pick<EndpointSnapshot, "breaker"> => {
  if (!(breaker instanceof Breaker)) return {};
  const state = breaker.state(moment.now);
  const shown: BreakerSnapshot = { state: state.kind };
  if (state.kind !== "open" || !Number.isFinite(state.until)) return { breaker: shown };
  return { breaker: { ...shown, until: epochOf(state.until, moment) } };
};

const ejectionOf = ({ ejection }: EndpointState, moment: Moment): Pick<EndpointSnapshot, "ejectedUntil"> =>
  ejection === undefined || ejection.until <= moment.now
    ? {}
    : { ejectedUntil: epochOf(ejection.until, moment) };

const epochOf = (at: number, { now, epoch }: Moment): number => Math.round(epoch + at - now);
