/** What active checks say of one endpoint. */
import type { EndpointHealth } from "../core/endpoint-state.ts";

export interface HealthThresholds {
  /** Failures in a row that take an endpoint out. @default 3 */
  readonly failures: number;
  /** Successes in a row that bring it back. @default 2 */
  readonly successes: number;
}

/** A change that a result has brought about. */
export type HealthChange = "admitted" | "up" | "down";

/**
 * ```
 *             first success
 *   unknown ───────────────▶ up ──── 3 failures in a row ────▶ down
 *                            ▲                                  │
 *                            └───── 2 successes in a row ───────┘
 * ```
 *
 * An endpoint that was never checked gets no traffic while others are up.
 */
export class HealthRecord implements EndpointHealth {
  isUp = false;
  wasChecked = false;
  /** When the next check is due, in the clock's milliseconds. */
  dueAt: number = Number.NEGATIVE_INFINITY;
  /** Whether a check is due that has no room yet. */
  isWaiting = false;
  /** When the check began that runs. */
  checkingSince: number | undefined;
  /** What the last check found, for operators. */
  lastResult = "not checked yet";
  #isKnown = false;
  /** Results in a row that speak against the present state. */
  #against = 0;

  /** Down, or on the way to another state: checked more often. */
  get isUnsettled(): boolean {
    return !this.isUp || this.#against > 0;
  }

  report(passed: boolean, { failures, successes }: HealthThresholds): HealthChange | undefined {
    this.wasChecked = true;
    if (passed === this.isUp) {
      this.#against = 0;
      return undefined;
    }
    this.#against += 1;
    if (passed && !this.#isKnown) return this.#turn("admitted");
    if (passed) return this.#against >= successes ? this.#turn("up") : undefined;
    return this.#against >= failures ? this.#turn("down") : undefined;
  }

  /** Takes over what another thread's record says. */
  follow({ isUp, detail }: { readonly isUp: boolean; readonly detail: string }): void {
    this.wasChecked = true;
    this.#isKnown = true;
    this.#against = 0;
    this.isUp = isUp;
    this.lastResult = detail;
  }

  #turn(change: HealthChange): HealthChange {
    this.isUp = change !== "down";
    this.#isKnown = true;
    this.#against = 0;
    return change;
  }
}
