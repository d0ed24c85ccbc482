/** Storage for the numbers of series: preallocated arrays of one thread, or memory that threads share. */
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

/** A series with the numbers of all writers. */
export interface StoredSeries extends SeriesName {
  /** Adds up the numbers of all writers. The same array at each call. */
  read(): Float64Array;
  /** As it was claimed with. */
  readonly startedAt?: number | undefined;
}

export interface MetricMemory {
  /**
   * Finds or allocates the slots of a series. Undefined where there is no room for it.
   *
   * @param startedAt when a series that is allocated begins, in milliseconds since 1970. @default with all others
   */
  claim(name: SeriesName, size: number, startedAt?: number): Slots | undefined;
  /** Every series that any writer has claimed, in no order. */
  series(): Iterable<StoredSeries>;
  /** Frees the slots of a series that this writer updates no more, once no other writer does. */
  release(name: SeriesName): void;
}

/** 64 KiB. */
const CHUNK_SLOTS = 8_192;

interface PrivateSeries extends StoredSeries {
  readonly slots: Slots;
  readonly size: number;
}

/** Memory of one thread. It grows by chunks, so that a series never moves. */
export class PrivateMemory implements MetricMemory {
  readonly #series: Map<string, PrivateSeries> = new Map();
  /** Freed slots, by size. */
  readonly #free: Map<number, Slots[]> = new Map();
  #chunk: Float64Array = new Float64Array(0);
  #used = 0;

  claim(name: SeriesName, size: number, startedAt?: number): Slots {
    const key = seriesKey(name);
    const known = this.#series.get(key);
    if (known !== undefined) return known.slots;
    const slots = this.#free.get(size)?.pop() ?? this.#allocate(size);
    const own = slots.values.subarray(slots.at, slots.at + size);
    own.fill(0);
    this.#series.set(key, { ...name, slots, size, startedAt, read: () => own });
    return slots;
  }

  series(): Iterable<StoredSeries> {
    return this.#series.values();
  }

  release(name: SeriesName): void {
    const key = seriesKey(name);
    const known = this.#series.get(key);
    if (known === undefined) return;
    this.#series.delete(key);
    const free = this.#free.get(known.size);
    if (free === undefined) this.#free.set(known.size, [known.slots]);
    else free.push(known.slots);
  }

  #allocate(size: number): Slots {
    if (this.#used + size > this.#chunk.length) {
      this.#chunk = new Float64Array(Math.max(CHUNK_SLOTS, size));
      this.#used = 0;
    }
    const slots = { values: this.#chunk, at: this.#used };
    this.#used += size;
    return slots;
  }
}

/** Different for different series. */
export const seriesKey = ({ instrument, attributes }: SeriesName): string =>
  `${instrument} ${JSON.stringify(attributes)}`;
