/** Counts of the last ten seconds. They expire by timestamps, without a timer. */

const BUCKETS = 10;
const BUCKET_MS = 1_000;

/** Two counters over a sliding window of ten buckets of a second. */
export class RateWindow {
  readonly #ones: Float64Array = new Float64Array(BUCKETS);
  readonly #others: Float64Array = new Float64Array(BUCKETS);
  /** Number of the newest bucket since the clock's start. */
  #newest = Number.NEGATIVE_INFINITY;
  #sumOfOnes = 0;
  #sumOfOthers = 0;

  /** Adds to both counters at `now`, which never goes back. */
  add(now: number, ones: number, others: number): void {
    this.#advance(now);
    const at = this.#newest % BUCKETS;
    this.#ones[at] = (this.#ones[at] ?? 0) + ones;
    this.#others[at] = (this.#others[at] ?? 0) + others;
    this.#sumOfOnes += ones;
    this.#sumOfOthers += others;
  }

  ones(now: number): number {
    this.#advance(now);
    return this.#sumOfOnes;
  }

  others(now: number): number {
    this.#advance(now);
    return this.#sumOfOthers;
  }

  clear(): void {
    this.#ones.fill(0);
    this.#others.fill(0);
    this.#sumOfOnes = 0;
    this.#sumOfOthers = 0;
  }

  /** Empties the buckets that were passed since the last call. */
  #advance(now: number): void {
    const bucket = Math.floor(now / BUCKET_MS);
    const passed = bucket - this.#newest;
    if (passed <= 0) return;
    this.#newest = bucket;
    if (passed >= BUCKETS) {
      this.clear();
      return;
    }
    for (let i = 0; i < passed; i++) {
      const at = (bucket - i) % BUCKETS;
      this.#sumOfOnes -= this.#ones[at] ?? 0;
      this.#sumOfOthers -= this.#others[at] ?? 0;
      this.#ones[at] = 0;
      this.#others[at] = 0;
    }
  }
}
