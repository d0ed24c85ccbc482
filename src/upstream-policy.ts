/** What an upstream does about failure: everything is off that its policy does not name. */
import type { HealthCheckOptions } from "./health/health-checker.ts";
import type { HttpProbeOptions } from "./health/http-probe.ts";
import type { OutlierOptions } from "./health/outlier-detector.ts";
import type { AdaptiveOptions } from "./resilience/adaptive-limit.ts";
import type { BreakerOptions } from "./resilience/breaker.ts";
import type { RetryRules } from "./resilience/may-retry.ts";
import type { BudgetOptions } from "./resilience/retry-budget.ts";

export interface UpstreamPolicy {
  readonly breaker?: BreakerOptions | undefined;
  /** Whether 500 counts as a failure of the endpoint, for breaker and ejection. @default false */
  readonly countsInternalError?: boolean | undefined;
  readonly outliers?: OutlierOptions | undefined;
  readonly health?: HealthPolicy | undefined;
  /** @default 0 */
  readonly slowStartMs?: number | undefined;
  /** @default 0 */
  readonly panicThreshold?: number | undefined;
  /** Most attempts in flight at one endpoint. @default Infinity */
  readonly maxInFlight?: number | undefined;
  readonly retry?: RetryPolicy | undefined;
  readonly hedge?: HedgePolicy | undefined;
  /** From the beginning of an attempt until the head of its response. @default no limit */
  readonly attemptMs?: number | undefined;
  readonly concurrency?: ConcurrencyPolicy | undefined;
}

export interface HealthPolicy extends HealthCheckOptions, Pick<HttpProbeOptions, "passes" | "bodyIncludes"> {
  /** @default "http" */
  readonly check?: "http" | "tcp" | undefined;
  /** Path and query that are asked for. */
  readonly target: string;
  /** Value of `Host`. @default the endpoint's authority */
  readonly host?: string | undefined;
}

export interface RetryPolicy {
  readonly retries: number;
  readonly rules: RetryRules;
  readonly replayBytes: number;
  readonly budget: BudgetOptions;
}

export interface HedgePolicy {
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  readonly budget: BudgetOptions;
}

/** Of the whole upstream. */
export interface ConcurrencyPolicy {
  /** A number, or a limit that follows latency. */
  readonly limit: number | AdaptiveOptions;
  readonly queue: number;
  readonly queueMs: number;
}
