/** Connects metrics to a platform and a gateway. */
import type { Plan } from "./config/plan.ts";
import { endpointAddress } from "./core/endpoint.ts";
import type { Clock, Platform, Transport } from "./core/platform.ts";
import type { Telemetry } from "./core/telemetry.ts";
import type { AttributeValues } from "./observe/instrument.ts";
import { STATE_INSTRUMENTS } from "./observe/state-instruments.ts";
import type { Observe, Observer } from "./observe/metric-registry.ts";
import type { ProxyMetrics } from "./observe/proxy-metrics.ts";
import { endpointValues } from "./observe/server-address.ts";
import { Breaker } from "./resilience/breaker.ts";
import type { UpkeepTask } from "./upkeep.ts";
import type { EndpointRegistry } from "./upstream/registry.ts";
import { type UpstreamState, stateOfUpstream } from "./upstream-state.ts";
import type { Standing } from "./upstream/upstream.ts";

/** `platform`, whose exchanges, attempts and events `metrics` counts before its own telemetry gets them. */
export const metered = (platform: Platform, { telemetry: counted }: ProxyMetrics): Platform => {
  const { telemetry } = platform;
  const joined: Telemetry = {
    ...telemetry,
    ...counted,
    exchangeBegan(head) {
      counted.exchangeBegan(head);
      telemetry.exchangeBegan?.(head);
    },
    tunnelOpened(route) {
      counted.tunnelOpened(route);
      telemetry.tunnelOpened?.(route);
    },
    exchangeEnded(report) {
      counted.exchangeEnded(report);
      telemetry.exchangeEnded?.(report);
    },
    attemptEnded(attempt, outcome) {
      counted.attemptEnded(attempt, outcome);
      telemetry.attemptEnded?.(attempt, outcome);
    },
    upstreamEvent(event) {
      counted.upstreamEvent(event);
      telemetry.upstreamEvent?.(event);
    },
  };
  return { ...platform, telemetry: joined };
};

export interface GatewayObservation {
  readonly plan: Plan;
  readonly registry: EndpointRegistry;
  readonly clock: Clock;
}

/** Adds the state of a plan's upstreams to each reading, until the task is stopped. */
export const gatewayMetrics = (metrics: ProxyMetrics, observed: GatewayObservation): UpkeepTask => {
  const { plan, registry, clock } = observed;
  const observer: Observer = (observe) => {
    const now = clock.now();
    for (const upstream of plan.upstreams.values()) {
      observeUpstream(observe, upstream.name, stateOfUpstream(upstream.name, registry, now));
      for (const standing of upstream.standing()) {
        const at = endpointValues(upstream.name, endpointAddress(standing.endpoint));
        observeEndpoint(observe, at, standing, now);
        metrics.endpointSeen(at, now);
        if (metrics.seesEnds) observe(clientActive, at, standing.state.inFlight);
      }
    }
    metrics.forgetGone(now);
  };
  let stop: (() => void) | undefined = metrics.registry.observe(observer);
  return {
    start() {
      stop ??= metrics.registry.observe(observer);
    },
    stop() {
      stop?.();
      stop = undefined;
    },
  };
};

const {
  available,
  breakerState,
  clientActive,
  concurrency,
  concurrencyLimit,
  ejected,
  healthy,
  retryBudget,
} = STATE_INSTRUMENTS;

const observeUpstream = (observe: Observe, name: string, state: UpstreamState): void => {
  if (state.retryBudget !== undefined) observe(retryBudget, [name], state.retryBudget);
  if (state.concurrency === undefined) return;
  observe(concurrency, [name, "in-progress"], state.concurrency.inProgress);
  observe(concurrency, [name, "waiting"], state.concurrency.waiting);
  observe(concurrencyLimit, [name], state.concurrency.limit);
};

const BREAKER_STATES = ["closed", "open", "half-open"] as const;

const observeEndpoint = (
  observe: Observe,
  at: AttributeValues,
  { state, exclusion }: Standing,
  now: number,
): void => {
  observe(available, at, exclusion === undefined ? 1 : 0);
  if (state.health !== undefined) observe(healthy, at, state.health.isUp ? 1 : 0);
  if (state.ejection !== undefined) observe(ejected, at, state.ejection.until > now ? 1 : 0);
  if (!(state.breaker instanceof Breaker)) return;
  const { kind } = state.breaker.state(now);
  for (const each of BREAKER_STATES) observe(breakerState, [...at, each], each === kind ? 1 : 0);
};

/** Adds the connections of `transport` to each reading. @returns what ends that */
export const transportMetrics = (metrics: ProxyMetrics, transport: Transport): (() => void) =>
  metrics.registry.observe((observe) => {
    for (const pool of transport.pools?.() ?? []) {
      const at = endpointValues(pool.endpoint.upstream, endpointAddress(pool.endpoint));
      observe(STATE_INSTRUMENTS.openConnections, [...at, "idle"], pool.idle);
      observe(STATE_INSTRUMENTS.openConnections, [...at, "active"], pool.open - pool.idle);
      observe(STATE_INSTRUMENTS.opened, at, pool.opened);
      observe(STATE_INSTRUMENTS.waiting, at, pool.waiting);
    }
  });
