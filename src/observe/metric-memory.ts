/** Where the numbers of series stand: preallocated arrays of one thread, or memory that threads share. */
import type { AttributeValues } from "./instrument.ts";

/** The numbers of one series, as one writer updates them. */
export interface Slots {
  readonly values: Float64Array;
  readonly at: number;
}

/** Which series: an instrument's name, and its attributes or "overflow" for all beyond the limit. */
export interface SeriesName {
  readonly instrument: string;
  readonly attributes: AttributeValues | "overflow";
}

/** A series with what all writers made of it. */
export interface StoredSeries extends SeriesName {
  /** Adds up the numbers of all writers. The same array at each call. */
  read(): Float64Array;
}

export interface MetricMemory {
  /** The place of a series, which is made where there is none yet. Undefined where there is no room for it. */
  claim(name: SeriesName, size: number): Slots | undefined;
  /** Every series that any writer has claimed, in no order. */
  series(): Iterable<StoredSeries>;
}

/** 64 KiB. */
const CHUNK_SLOTS = 8_192;

/** Memory of one thread. It grows by chunks, so that a series never moves. */
export class PrivateMemory implements MetricMemory {
  readonly #series: StoredSeries[] = [];
  #chunk: Float64Array = new Float64Array(0);
  #used = 0;

  /** Each name is claimed once: the registry remembers what it has claimed. */
  claim({ instrument, attributes }: SeriesName, size: number): Slots {
    if (this.#used + size > this.#chunk.length) {
      this.#chunk = new Float64Array(Math.max(CHUNK_SLOTS, size));
      this.#used = 0;
    }
    const slots = { values: this.#chunk, at: this.#used };
    this.#used += size;
    const own = slots.values.subarray(slots.at, slots.at + size);
    this.#series.push({ instrument, attributes, read: () => own });
    return slots;
  }

  series(): Iterable<StoredSeries> {
    return this.#series;
  }
}
