/** One series of an instrument: what is updated on a request's way. Nothing here allocates. */
import type { Slots } from "./metric-memory.ts";

/** A sum: of a counter, or of an up-down counter. */
export class SumSeries {
  readonly #values: Float64Array;
  readonly #at: number;

  constructor({ values, at }: Slots) {
    this.#values = values;
    this.#at = at;
  }

  add(amount: number): void {
    this.#values[this.#at] = (this.#values[this.#at] as number) + amount;
  }
}

/** Sum of the values, then a count for each bucket. */
export class HistogramSeries {
  readonly #values: Float64Array;
  readonly #at: number;
  readonly #bounds: Float64Array;

  constructor({ values, at }: Slots, bounds: Float64Array) {
    this.#values = values;
    this.#at = at;
    this.#bounds = bounds;
  }

  record(value: number): void {
    const bounds = this.#bounds;
    let bucket = 0;
    // Most requests are fast: from the lowest bound on it is a few steps.
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket += 1;
    const values = this.#values;
    const at = this.#at;
    values[at] = (values[at] as number) + value;
    const counted = at + 1 + bucket;
    values[counted] = (values[counted] as number) + 1;
  }
}
