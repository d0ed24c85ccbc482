/** One series of an instrument: what is updated on a request's way. Nothing here allocates. */
import type { Slots } from "./metric-memory.ts";

/** A value that was recorded, and the span that it was measured in. */
export interface Exemplar {
  readonly value: number;
  readonly traceId: string;
  readonly spanId: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

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
  #exemplars: (Exemplar | undefined)[] | undefined;

  constructor({ values, at }: Slots, bounds: Float64Array) {
    this.#values = values;
    this.#at = at;
    this.#bounds = bounds;
  }

  /** The last exemplar of each bucket, of those that this thread recorded; undefined while there is none. */
  get exemplars(): readonly (Exemplar | undefined)[] | undefined {
    return this.#exemplars;
  }

  record(value: number): void {
    const values = this.#values;
    const at = this.#at;
    values[at] = (values[at] as number) + value;
    const counted = at + 1 + this.#bucketOf(value);
    values[counted] = (values[counted] as number) + 1;
  }

  /** Keeps the span of a value that was recorded, as an example of its bucket. */
  exemplify(exemplar: Exemplar): void {
    this.#exemplars ??= Array.from({ length: this.#bounds.length + 1 }, () => undefined);
    this.#exemplars[this.#bucketOf(exemplar.value)] = exemplar;
  }

  #bucketOf(value: number): number {
    const bounds = this.#bounds;
    let bucket = 0;
    // Most requests are fast: from the lowest bound on it is a few steps.
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket += 1;
    return bucket;
  }
}
