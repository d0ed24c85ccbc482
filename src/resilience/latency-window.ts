/** Quantiles of recent latencies. */

/** Bounds grow by a quarter: an estimate is at most 25 % too high. From 1 ms to beyond a minute. */
const GROWTH = 1.25;
const BUCKETS = 50;
/** Estimates come from two spans, the current and the one before, so that they follow a change within a minute. */
const SPAN_MS = 30_000;
/** Observations needed for an estimate. */
const MINIMUM = 20;

export class LatencyWindow {
  #current = new Uint32Array(BUCKETS);
  #previous = new Uint32Array(BUCKETS);
  #span = Number.NEGATIVE_INFINITY;

  observe(now: number, ms: number): void {
    this.#advance(now);
    const bucket = Math.min(
      BUCKETS - 1,
      Math.max(0, Math.ceil(Math.log(Math.max(1, ms)) / Math.log(GROWTH))),
    );
    this.#current[bucket] = (this.#current[bucket] ?? 0) + 1;
  }

  /** The upper bound of what a share of `quantile` of the requests took; undefined where too few are known. */
  quantile(now: number, quantile: number): number | undefined {
    this.#advance(now);
    let total = 0;
    for (let i = 0; i < BUCKETS; i++) total += this.#count(i);
    if (total < MINIMUM) return undefined;
    let left = quantile * total;
    for (let i = 0; i < BUCKETS; i++) {
      left -= this.#count(i);
      if (left <= 0) return GROWTH ** i;
    }
    return GROWTH ** (BUCKETS - 1);
  }

  #count(bucket: number): number {
    return (this.#current[bucket] ?? 0) + (this.#previous[bucket] ?? 0);
  }

  #advance(now: number): void {
    const span = Math.floor(now / SPAN_MS);
    const passed = span - this.#span;
    if (passed <= 0) return;
    this.#span = span;
    const oldest = this.#previous;
    this.#previous = passed === 1 ? this.#current : new Uint32Array(BUCKETS);
    this.#current = oldest.fill(0);
  }
}
