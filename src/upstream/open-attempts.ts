/**
 * Attempts that have not ended, on platforms where some never report their end: a Worker's code for a request stops running
 * without notice when the client leaves. Such attempts would count as load, and as a breaker's probes, for ever.
 */
import type { Clock } from "../core/platform.ts";

/** One attempt. */
export interface Abandonable {
  /** Ends it. What it reports later is ignored. */
  abandon(now: number): void;
}

/** An attempt over its time limit may report its end a little late. */
const SLACK_MS = 1_000;
/** For attempts without a time limit. */
const LONGEST_MS = 60_000;
const SWEEP_EVERY_MS = 250;

export class OpenAttempts {
  readonly #clock: Clock;
  /** By when each must have ended. */
  readonly #open: Map<Abandonable, number> = new Map();
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param limitMs time until the response's head, with which an attempt ends there. 0 is no limit. */
  began(attempt: Abandonable, limitMs: number): void {
    this.#open.set(attempt, this.#clock.now() + (limitMs === 0 ? LONGEST_MS : limitMs) + SLACK_MS);
  }

  /** Whether it was open. */
  ended(attempt: Abandonable): boolean {
    return this.#open.delete(attempt);
  }

  /** Ends those that were abandoned. Called before each request. */
  sweep(): void {
    const now = this.#clock.now();
    if (now - this.#sweptAt < SWEEP_EVERY_MS) return;
    this.#sweptAt = now;
    for (const [attempt, until] of this.#open) if (now >= until) attempt.abandon(now);
  }
}
