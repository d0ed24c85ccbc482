/**
 * The stack of an upstream, between a route's split and the transport:
 *
 *   retry → hedge → concurrency cap → attempt timeout → lease (balancing, breaker) → transport
 *
 * Retries and copies stand outside of the cap: each attempt takes its own place, and only for as long as it lasts.
 */
import { type Endpoint, endpointAddress } from "./core/endpoint.ts";
import type { EndpointSet, EndpointState } from "./core/endpoint-state.ts";
import type { Clock, Random } from "./core/platform.ts";
import type { NamedLayer } from "./core/service.ts";
import type { ThreadShare } from "./core/thread-share.ts";
import type { Telemetry, UpstreamEvent } from "./core/telemetry.ts";
import { HealthRecord } from "./health/health-record.ts";
import { OutlierDetector, ejectionOf, newSweep } from "./health/outlier-detector.ts";
import { AdaptiveLimit } from "./resilience/adaptive-limit.ts";
import { attemptTimeout } from "./resilience/attempt-timeout.ts";
import { Breaker, type BreakerListener } from "./resilience/breaker.ts";
import { CommonRecovery } from "./resilience/common-recovery.ts";
import { ConcurrencyGate, type Together, concurrencyCap } from "./resilience/concurrency.ts";
import { hedge } from "./resilience/hedge.ts";
import { LatencyWindow } from "./resilience/latency-window.ts";
import { retry } from "./resilience/retry.ts";
import { RetryBudget } from "./resilience/retry-budget.ts";
import type { ConcurrencyPolicy, HedgePolicy, RetryPolicy, UpstreamPolicy } from "./upstream-policy.ts";
import { type Concurrency, sharedNames } from "./upstream-state.ts";
import type { RegistryDraft } from "./upstream/registry.ts";

export interface StackParts {
  /** Of the upstream. */
  readonly name: string;
  /** Holds what must outlive a plan: budgets, latencies, gates. */
  readonly registry: Pick<RegistryDraft, "shared">;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  /** Undefined where one thread answers all requests. */
  readonly share?: ThreadShare | undefined;
}

/** Outermost first; only those that the policy names. */
export const upstreamLayers = (policy: UpstreamPolicy, parts: StackParts): readonly NamedLayer[] => {
  const layers: NamedLayer[] = [];
  if (policy.retry !== undefined && policy.retry.retries > 0) layers.push(retryLayer(policy.retry, parts));
  if (policy.hedge !== undefined) layers.push(hedgeLayer(policy.hedge, parts));
  if (policy.concurrency !== undefined) layers.push(capLayer(policy.concurrency, parts));
  const { attemptMs = 0 } = policy;
  if (attemptMs > 0) {
    layers.push({ name: `attempt timeout ${attemptMs} ms`, layer: attemptTimeout(attemptMs, parts.clock) });
  }
  return layers;
};

const retryLayer = (policy: RetryPolicy, parts: StackParts): NamedLayer => {
  const { name, registry, clock, random, share } = parts;
  const { retries } = policy;
  const options = { ...policy.budget, perSecond: policy.budget.perSecond / (share?.threads ?? 1) };
  const budget = registry.shared(sharedNames.retryBudget(name), options, () => new RetryBudget(options));
  const layer = retry({
    ...policy,
    budget,
    clock,
    random,
    onRetry: ({ kind, because, endpoint }) =>
      reportUpstream(parts, {
        kind: kind === "retried" ? "retried" : "retry-over-budget",
        upstream: name,
        endpoint: endpoint && endpointAddress(endpoint),
        reason: because,
      }),
  });
  return { name: `retry ×${retries}`, layer };
};

const hedgeLayer = (policy: HedgePolicy, parts: StackParts): NamedLayer => {
  const { name, registry, clock } = parts;
  const budget = registry.shared(`${name} hedge budget`, policy.budget, () => new RetryBudget(policy.budget));
  const latencies = registry.shared(`${name} latencies`, undefined, () => new LatencyWindow());
  const onHedge = (): void => reportUpstream(parts, { kind: "hedged", upstream: name });
  return { name: "hedge", layer: hedge({ ...policy, budget, latencies, clock, onHedge }) };
};

const capLayer = (policy: ConcurrencyPolicy, { name, registry, clock, share }: StackParts): NamedLayer => {
  const { gate, limit } = registry.shared(sharedNames.concurrency(name), policy, (): Concurrency => {
    const own =
      typeof policy.limit === "number" ? { current: policy.limit } : new AdaptiveLimit(policy.limit);
    // What follows latency does so in each thread by itself.
    const isCommon = share !== undefined && typeof policy.limit === "number";
    const together = isCommon ? togetherOf(name, share) : undefined;
    return { limit: own, gate: new ConcurrencyGate({ ...policy, limit: own, clock, together }) };
  });
  const text = typeof policy.limit === "number" ? String(policy.limit) : "adaptive";
  return { name: `concurrency ${text}`, layer: concurrencyCap(gate, { limit, clock }) };
};

const togetherOf = (upstream: string, share: ThreadShare): Together => ({
  threads: share.threads,
  inProgress: share.tally(`${upstream} in progress`),
  waiting: share.tally(`${upstream} waiting`),
});

/** Options for `createUpstream` that the policy brings about. */
export interface Equipment {
  readonly equip: (state: EndpointState, endpoint: Endpoint) => void;
  readonly watch: (set: EndpointSet, now: number) => void;
  readonly onPanic: () => void;
  readonly slowStartMs: number | undefined;
  readonly panicThreshold: number | undefined;
  readonly maxInFlight: number | undefined;
  readonly countsInternalError: boolean | undefined;
}

export const equipment = (policy: UpstreamPolicy, parts: StackParts): Equipment => {
  const { outliers } = policy;
  const { name } = parts;
  const detector =
    outliers &&
    new OutlierDetector(
      outliers,
      ({ endpoint, successRate, mean, forMs }) =>
        reportUpstream(parts, {
          kind: "ejected",
          upstream: name,
          endpoint: endpointAddress(endpoint),
          forMs,
          reason: `${percent(successRate)} of its requests succeeded, ${percent(mean)} on average`,
        }),
      parts.registry.shared(`${name} sweep`, undefined, newSweep),
    );
  const recovery = policy.breaker && new CommonRecovery();
  return {
    equip: (state, endpoint) => equip(state, endpoint, policy, { ...parts, recovery }),
    watch(set, now) {
      detector?.watch(set, now);
      recovery?.watch(set, now);
    },
    onPanic: () => reportUpstream(parts, { kind: "panic", upstream: name }),
    slowStartMs: policy.slowStartMs,
    panicThreshold: policy.panicThreshold,
    maxInFlight: policy.maxInFlight,
    countsInternalError: policy.countsInternalError,
  };
};

interface EquipParts extends StackParts {
  readonly recovery: CommonRecovery | undefined;
}

/** Keeps what the state has already, and takes away what the policy no longer names. */
const equip = (
  state: EndpointState,
  endpoint: Endpoint,
  { breaker: options, health, outliers, maxInFlight }: UpstreamPolicy,
  parts: EquipParts,
): void => {
  state.tally = maxInFlight === undefined ? undefined : parts.share?.tally(`${endpoint.key} in flight`);
  if (options === undefined) state.breaker = undefined;
  else {
    const onChange = onBreaker(state, endpoint, parts);
    if (!(state.breaker instanceof Breaker))
      state.breaker = new Breaker({ options, random: parts.random, onChange });
    else Object.assign(state.breaker, { options, onChange });
  }
  if (health === undefined) state.health = undefined;
  else if (!(state.health instanceof HealthRecord)) state.health = new HealthRecord();
  if (outliers === undefined) state.ejection = undefined;
  else ejectionOf(state);
};

const onBreaker =
  (state: EndpointState, endpoint: Endpoint, parts: EquipParts): BreakerListener =>
  ({ to, reason, at }) => {
    if (to === "closed") {
      // What was broken a moment ago gets its traffic back slowly.
      state.warmingSince = at;
      parts.recovery?.closed();
    }
    reportUpstream(parts, {
      kind: "breaker",
      upstream: parts.name,
      endpoint: endpointAddress(endpoint),
      to,
      reason,
    });
  };

/** Tells observers. */
export const reportUpstream = ({ telemetry }: Pick<StackParts, "telemetry">, event: UpstreamEvent): void => {
  try {
    telemetry.upstreamEvent?.(event);
  } catch {
    // An observer's failure is not the upstream's.
  }
};

const percent = (share: number): string => `${Math.round(share * 1_000) / 10} %`;
