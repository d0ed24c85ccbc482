/**
 * Attempts that have not ended, where some never do: a Worker's code for a request stops running when its client leaves, and
 * nothing tells of it. Their places, as load and as a breaker's probes, would be taken for ever.
 */
import type { Clock } from "../core/platform.ts";

/** One attempt. */
export interface Abandonable {
  /** Ends it. What it reports later counts no more. */
  abandon(now: number): void;
}

/** A time limit may be seen to be over a little later than it is. */
const SLACK_MS = 1_000;
/** Where there is no limit. */
const LONGEST_MS = 60_000;
const SWEEP_EVERY_MS = 250;

export class OpenAttempts {
  readonly #clock: Clock;
  /** When each must have ended. */
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
