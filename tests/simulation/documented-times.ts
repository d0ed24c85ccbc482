/** Recovery times that docs/resilience.md promises, in milliseconds. */
import { HEALTH_CHECK_DEFAULTS } from "../../src/health/health-checker.ts";
import { OUTLIER_DEFAULTS } from "../../src/health/outlier-detector.ts";
import { BREAKER_DEFAULTS } from "../../src/resilience/breaker.ts";
import type { UpstreamPolicy } from "../../src/upstream-policy.ts";

/** Probes of a half-open breaker and checks take this long at most once a server is well again. */
const ANSWER_MS = 1_000;
/** A check under way when the outage ends, and the two that pass, each 10 % late. */
const TWO_CHECKS_MS =
  HEALTH_CHECK_DEFAULTS.timeoutMs + 2 * 1.1 * HEALTH_CHECK_DEFAULTS.fastIntervalMs + ANSWER_MS;
const ONE_CHECK_MS = 1.1 * HEALTH_CHECK_DEFAULTS.intervalMs + ANSWER_MS;

/**
 * From the end of an outage of `outageMs` until a breaker or a health check excludes the endpoint no longer. An outage ends when
 * the last attempt that began during it has ended.
 */
export const recoveryMs = ({ breaker, health }: UpstreamPolicy, outageMs: number): number => {
  if (health !== undefined) return breaker === undefined ? TWO_CHECKS_MS : ONE_CHECK_MS;
  if (breaker === undefined) return 0;
  // Each open time is 0.8 to 1.2 of twice the one before; all but the last one fit into the outage.
  return Math.min(1.2 * BREAKER_DEFAULTS.maxOpenMs, 1.5 * outageMs + 1.2 * BREAKER_DEFAULTS.openMs);
};

/**
 * How much longer it may take where the first endpoints to come back can't carry the load of all: one that fails under it is
 * open once more.
 */
export const OVERLOAD_MS: number = 1.2 * 2 * BREAKER_DEFAULTS.openMs;

/** From one measurement of an adaptive limit to the next. */
export const ADAPTATION_MS = 30_000;

/** The longest that an endpoint may stay ejected by its n-th ejection in a row. */
export const ejectionMs = (times: number): number =>
  Math.min(OUTLIER_DEFAULTS.maxEjectMs, OUTLIER_DEFAULTS.ejectMs * times);

/** From the end of an outage to the last sweep that counts requests made during it. */
export const LAST_SWEEP_MS: number = OUTLIER_DEFAULTS.intervalMs;
