/** A concurrency limit that follows latency. */
import type { Outcome } from "../core/outcome.ts";

export interface AdaptiveOptions {
  /** @default 20 */
  readonly initial: number;
  /** @default 4 */
  readonly min: number;
  /** @default 1000 */
  readonly max: number;
}

export const ADAPTIVE_DEFAULTS: AdaptiveOptions = Object.freeze({ initial: 20, min: 4, max: 1_000 });

/** Latency may be half as long again as usual before it counts as queueing. */
const TOLERANCE = 1.5;
/** How fast the limit follows. */
const SMOOTHING = 0.2;
/** Observations that the usual latency is an average of. */
const LONG_WINDOW = 600;
const WARM_UP = 10;
/** After a failure: fewer at once. */
const BACKOFF = 0.9;

/**
 * Compares each latency with the usual one (after Netflix's gradient limit): as long as they agree the limit grows by its
 * square root; when requests take longer than usual, something queues, and the limit shrinks in proportion. It stays where it
 * is while it is not used.
 */
export class AdaptiveLimit {
  readonly #options: AdaptiveOptions;
  #limit: number;
  #usualMs = 0;
  #observations = 0;

  constructor(options: AdaptiveOptions) {
    this.#options = options;
    this.#limit = options.initial;
  }

  get current(): number {
    return Math.floor(this.#limit);
  }

  /** Takes in how something ended that was in progress with `inProgress - 1` others; undefined where there was no attempt. */
  observe(outcome: Outcome | undefined, startedAt: number, inProgress: number): void {
    if (outcome === undefined || outcome.ending === "superseded") return;
    const { headAt } = outcome.times;
    if (outcome.error !== undefined) {
      if (outcome.error.kind.countsAgainstEndpoint) this.#set(this.#limit * BACKOFF);
      return;
    }
    if (headAt === undefined) return;
    this.#measure(Math.max(0.1, headAt - startedAt), inProgress);
  }

  #measure(ms: number, inProgress: number): void {
    this.#observations += 1;
    const window = this.#observations < WARM_UP ? this.#observations : LONG_WINDOW;
    this.#usualMs += (ms - this.#usualMs) / window;
    // A usual latency from worse times would let the limit grow too long.
    if (this.#usualMs > ms * 2) this.#usualMs *= 0.95;
    if (inProgress < this.#limit / 2) return;
    const gradient = Math.min(1, Math.max(0.5, (TOLERANCE * this.#usualMs) / ms));
    const wanted = this.#limit * gradient + Math.sqrt(this.#limit);
    this.#set(this.#limit * (1 - SMOOTHING) + wanted * SMOOTHING);
  }

  #set(limit: number): void {
    const { min, max } = this.#options;
    this.#limit = Math.min(max, Math.max(min, limit));
  }
}
