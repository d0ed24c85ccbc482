/** A concurrency limit that follows latency. */
import type { Outcome } from "../core/outcome.ts";
import { TUNNEL_STATUS } from "../core/reply.ts";
import { verdictOf } from "../core/verdict.ts";

export interface AdaptiveOptions {
  /** @default 20 */
  readonly initial: number;
  /** @default 4 */
  readonly min: number;
  /** @default 1000 */
  readonly max: number;
}

export const ADAPTIVE_DEFAULTS: AdaptiveOptions = Object.freeze({ initial: 20, min: 4, max: 1_000 });

/** Latency may be this many times the latency without a queue. */
const TOLERANCE = 1.5;
/** Weight of a new limit against the present one. */
const SMOOTHING = 0.2;
/** Observations in one measurement. */
const SAMPLES = 20;
/** Time between two measurements of the latency without a queue. */
const PERIOD_MS = 30_000;
/** Most that one measurement may raise that latency, unless it was taken under the lowest limit: requests may have queued during it. */
const MAX_RISE = 1.2;
/** Factor by which a failure, or a response with status 500, 502, 503 or 504, lowers the limit. */
const BACKOFF = 0.9;

/**
 * Compares latency with what it is without a queue, the gradient (after Netflix's and Envoy's limits): while they agree, the
 * limit grows by its square root; when requests take longer, something queues, and it shrinks in proportion. It stays where it
 * is while it is not used.
 *
 * A long-term average can't stand for the latency without a queue: it rises with the queue that the limit allows, and the limit
 * would rise with it. So every half minute the limit is halved for some requests, and their latency is taken. What is measured
 * under the lowest limit counts as it is: endpoints may have become slower, or others may answer than before. Failures are not
 * measured, since a server that refuses does so fast.
 */
export class AdaptiveLimit {
  readonly #options: AdaptiveOptions;
  #limit: number;
  /** Latency without a queue; 0 before the first measurement. */
  #baseMs = 0;
  #recentMs = 0;
  /** The measurement under way: sum and number of its observations, and since when requests count. */
  #sum = 0;
  #samples = 0;
  #measuringSince: number | undefined = Number.NEGATIVE_INFINITY;
  #measuredAt = 0;

  constructor(options: AdaptiveOptions) {
    this.#options = options;
    this.#limit = options.initial;
  }

  get current(): number {
    return Math.floor(this.#limit);
  }

  /**
   * Takes the outcome of a request that ran with `inProgress - 1` others; undefined where there was no attempt. That of a tunnel is
   * ignored: it comes when the tunnel ends, long after its beginning.
   */
  observe(outcome: Outcome | undefined, startedAt: number, inProgress: number): void {
    if (outcome === undefined || outcome.ending === "superseded" || outcome.status === TUNNEL_STATUS) return;
    const { headAt } = outcome.times;
    if (verdictOf(outcome, true) === "failure") {
      this.#set(this.#limit * BACKOFF);
      return;
    }
    if (outcome.error !== undefined || headAt === undefined) return;
    const ms = Math.max(0.1, headAt - startedAt);
    this.#recentMs = this.#recentMs === 0 ? ms : this.#recentMs + (ms - this.#recentMs) / SAMPLES;
    if (this.#measuringSince !== undefined) this.#measure(ms, startedAt, headAt);
    else if (headAt - this.#measuredAt >= PERIOD_MS) this.#beginMeasuring(headAt);
    else this.#follow(inProgress);
  }

  #beginMeasuring(now: number): void {
    this.#measuringSince = now;
    this.#set(this.#limit / 2);
  }

  /** Only requests that began under the lower limit count. */
  #measure(ms: number, startedAt: number, now: number): void {
    if (startedAt < (this.#measuringSince ?? 0)) return;
    this.#sum += ms;
    this.#samples += 1;
    if (this.#samples < SAMPLES) return;
    const measured = this.#sum / this.#samples;
    const isTrusted = this.#baseMs === 0 || this.#limit <= this.#options.min;
    this.#baseMs = isTrusted ? measured : Math.min(measured, this.#baseMs * MAX_RISE);
    this.#recentMs = measured;
    this.#sum = 0;
    this.#samples = 0;
    this.#measuringSince = undefined;
    this.#measuredAt = now;
  }

  #follow(inProgress: number): void {
    if (inProgress < this.#limit / 2) return;
    const gradient = Math.min(1, Math.max(0.5, (TOLERANCE * this.#baseMs) / this.#recentMs));
    const wanted = this.#limit * gradient + Math.sqrt(this.#limit);
    this.#set(this.#limit * (1 - SMOOTHING) + wanted * SMOOTHING);
  }

  #set(limit: number): void {
    const { min, max } = this.#options;
    this.#limit = Math.min(max, Math.max(min, limit));
  }
}
