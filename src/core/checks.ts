/** Results of active health checks that one thread makes for all. */
import type { Cancel } from "./platform.ts";

/** One check, and what is known of the endpoint since. Plain data. */
export interface CheckResult {
  readonly upstream: string;
  /** Of the endpoint. */
  readonly key: string;
  readonly passed: boolean;
  /** What the result has changed. */
  readonly change: "admitted" | "up" | "down" | undefined;
  readonly isUp: boolean;
  /** For operators. */
  readonly detail: string;
}

/** How threads share checks. Each has one of the two. */
export interface SharedChecks {
  /** Takes each result of a check that is made here. */
  readonly publish?: ((result: CheckResult) => void) | undefined;
  /**
   * Where set, nothing is checked here: results come from another thread, from `upstream`'s last known ones on, until the function
   * returned is called.
   */
  readonly follow?: ((upstream: string, listener: (result: CheckResult) => void) => Cancel) | undefined;
}
