/** What the settings of an upstream say about failure, as its layers take it. */
import type {
  BreakerConfig,
  ConcurrencyConfig,
  EjectionConfig,
  HealthConfig,
  HedgeConfig,
  RetryConfig,
  UpstreamConfig,
} from "./config/types.ts";
import type { OutlierOptions } from "./health/outlier-detector.ts";
import { ADAPTIVE_DEFAULTS } from "./resilience/adaptive-limit.ts";
import { BREAKER_DEFAULTS, type BreakerOptions } from "./resilience/breaker.ts";
import { RETRY_RULES } from "./resilience/may-retry.ts";
import { RETRY_BUDGET } from "./resilience/retry-budget.ts";
import type {
  ConcurrencyPolicy,
  HealthPolicy,
  HedgePolicy,
  RetryPolicy,
  UpstreamPolicy,
} from "./upstream-policy.ts";

/**
 * With one endpoint there is nowhere else to go: breaker and retries would turn some failures into others, so that they are on by
 * themselves only where there may be several.
 *
 * @param mayQueue whether requests can wait for each other.
 */
export const policyFrom = (config: UpstreamConfig, mayQueue = true): UpstreamPolicy => {
  const isGroup = config.endpoints.length > 1 || config.discovery !== undefined;
  const breaker = config.breaker ?? (isGroup ? undefined : false);
  const retry = config.retry ?? (isGroup ? undefined : false);
  return {
    breaker: breaker === false ? undefined : breakerFrom(breaker),
    countsInternalError: breaker !== false && breaker?.internalError === true,
    outliers: config.ejection === false || !isGroup ? undefined : outliersFrom(config.ejection),
    health: config.health && healthFrom(config.health),
    slowStartMs: config.slowStartMs,
    panicThreshold: config.panic,
    maxInFlight: config.concurrency?.perEndpoint,
    retry: retry === false ? undefined : retryFrom(retry),
    hedge: config.hedge && hedgeFrom(config.hedge),
    attemptMs: config.timeouts.attemptMs,
    concurrency: config.concurrency && concurrencyFrom(config.concurrency, mayQueue),
  };
};

const breakerFrom = (config: BreakerConfig | undefined): BreakerOptions =>
  config === undefined ? BREAKER_DEFAULTS : breakerOptions(config);

export const breakerOptions = (config: BreakerConfig): BreakerOptions => ({
  consecutiveFailures: config.failures,
  failureRate: config.rate,
  minimumRequests: config.requests,
  openMs: config.openMs,
  maxOpenMs: config.maxOpenMs,
  probes: config.probes,
  successes: config.successes,
});

const outliersFrom = (config: EjectionConfig): OutlierOptions => ({
  intervalMs: config.intervalMs,
  minimumRequests: config.requests,
  minimumEndpoints: config.endpoints,
  deviations: config.deviations,
  ejectMs: config.durationMs,
  maxEjectMs: config.maxDurationMs,
  maxEjected: config.maxShare,
});

const healthFrom = (config: HealthConfig): HealthPolicy => ({
  check: config.check,
  target: config.path,
  host: config.host,
  passes: (status) =>
    config.statuses.some((each) => each === status || each === `${Math.floor(status / 100)}xx`),
  bodyIncludes: config.body,
  intervalMs: config.intervalMs,
  fastIntervalMs: config.fastIntervalMs,
  timeoutMs: config.timeoutMs,
  failures: config.failures,
  successes: config.successes,
});

export const RETRY_DEFAULTS: RetryPolicy = {
  retries: 1,
  rules: RETRY_RULES,
  replayBytes: 64 * 1024,
  budget: RETRY_BUDGET,
};

const retryFrom = (config: RetryConfig | undefined): RetryPolicy =>
  config === undefined
    ? RETRY_DEFAULTS
    : {
        retries: config.attempts,
        rules: { codes: new Set(config.codes), trustsIdempotencyKey: config.idempotencyKey },
        replayBytes: config.bodyBytes,
        budget: { ratio: config.budget.share, perSecond: config.budget.perSecond },
      };

const hedgeFrom = ({ minDelayMs, maxDelayMs, share }: HedgeConfig): HedgePolicy => ({
  minDelayMs,
  maxDelayMs,
  budget: { ratio: share, perSecond: 0 },
});

const concurrencyFrom = (
  { limit, queue, queueTimeoutMs }: ConcurrencyConfig,
  mayQueue: boolean,
): ConcurrencyPolicy | undefined => {
  if (limit === undefined) return undefined;
  const own = limit === "adaptive" ? ADAPTIVE_DEFAULTS : limit;
  return { limit: own, queue: mayQueue ? queue : 0, queueMs: queueTimeoutMs };
};
