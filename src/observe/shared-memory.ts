/**
 * Memory for series that several threads write at once.
 *
 * Each writer has a row of its own and adds to it without atomics: no other thread ever writes there, so nothing is lost, and an
 * update costs what it costs on private memory. Readers add up the rows. Threads only have to agree which columns belong to
 * which series: a directory of names holds that, with the rows (a `Float64Array` for each writer) behind it.
 */
import type { AttributeValues } from "./instrument.ts";
import type { MetricMemory, SeriesName, Slots, StoredSeries } from "./metric-memory.ts";
import { type DirectoryEntry, SeriesDirectory, directoryBytes } from "./series-directory.ts";

/** What a thread needs to take part. Can be sent with `postMessage`. */
export interface SharedMetrics {
  readonly buffer: SharedArrayBuffer;
  readonly writers: number;
  readonly columns: number;
}

export interface SharedMetricsSize {
  /** Rows. That of a thread that ends stays, so that its counts do; a thread that takes its place goes on with it. */
  readonly writers: number;
  /** Numbers of all series together; a histogram takes some sixteen. @default 65536 */
  readonly columns?: number;
}

const BYTES = Float64Array.BYTES_PER_ELEMENT;

const rowsAtOf = (writers: number, columns: number): number =>
  Math.ceil(directoryBytes({ writers, columns }) / BYTES) * BYTES;

/** Room for threads to share. Pages that nothing is written to cost no memory. */
export const sharedMetrics = ({ writers, columns = 65_536 }: SharedMetricsSize): SharedMetrics => ({
  buffer: new SharedArrayBuffer(rowsAtOf(writers, columns) + writers * columns * BYTES),
  writers,
  columns,
});

/** A series that knows where its numbers are. */
interface ColumnSeries extends StoredSeries {
  readonly entry: DirectoryEntry;
}

/** One thread's view of shared metrics. */
export class SharedMemory implements MetricMemory {
  readonly #directory: SeriesDirectory;
  readonly #rows: readonly Float64Array[];
  readonly #own: Float64Array;
  /** Entries that were decoded before. */
  readonly #known: WeakMap<DirectoryEntry, ColumnSeries> = new WeakMap();

  /**
   * @param row that this thread writes, where somebody else assigns them. @default the next one
   * @throws RangeError when more threads join than there are rows.
   */
  constructor({ buffer, writers, columns }: SharedMetrics, row?: number) {
    const rowsAt = rowsAtOf(writers, columns);
    this.#directory = new SeriesDirectory(buffer, { writers, columns }, row);
    this.#rows = Array.from(
      { length: writers },
      (_, each) => new Float64Array(buffer, rowsAt + each * columns * BYTES, columns),
    );
    const own = this.#rows[this.#directory.row];
    if (own === undefined) throw new RangeError(`shared metrics: there is room for ${writers} threads`);
    this.#own = own;
  }

  claim(name: SeriesName, size: number): Slots | undefined {
    const at = this.#directory.claim(keyOf(name), size);
    return at === undefined ? undefined : { values: this.#own, at };
  }

  series(): Iterable<StoredSeries> {
    return this.#all();
  }

  /** What this thread has counted stays in the sum until no thread has the series any more. */
  release(name: SeriesName): void {
    this.#directory.release(keyOf(name), ({ column, size }) => {
      for (const row of this.#rows) row.fill(0, column, column + size);
    });
  }

  /** What one row has for an instrument with one number for each series, added up. */
  sumOf(row: number, instrument: string): number {
    const values = this.#rows[row];
    return this.#all()
      .filter((series) => series.instrument === instrument)
      .reduce((sum, { entry }) => sum + (values?.[entry.column] ?? 0), 0);
  }

  /** Cleans up after a thread that has ended: gives its lock back, and sets to 0 what its row has for the instruments of which `isCleared`. */
  clear(row: number, isCleared: (instrument: string) => boolean): void {
    this.#directory.unlock(row);
    const values = this.#rows[row];
    for (const { instrument, entry } of this.#all()) {
      if (isCleared(instrument)) values?.fill(0, entry.column, entry.column + entry.size);
    }
  }

  #all(): readonly ColumnSeries[] {
    return this.#directory.entries().map((entry) => this.#seriesOf(entry));
  }

  #seriesOf(entry: DirectoryEntry): ColumnSeries {
    const known = this.#known.get(entry);
    if (known !== undefined) return known;
    const [instrument, values] = JSON.parse(entry.name) as [string, "overflow" | (string | number | null)[]];
    const attributes: AttributeValues | "overflow" =
      values === "overflow" ? values : values.map((value) => value ?? undefined);
    const sums = new Float64Array(entry.size);
    const series = { instrument, attributes, entry, read: () => this.#sum(entry, sums) };
    this.#known.set(entry, series);
    return series;
  }

  /** 0 where the series has been released since. */
  #sum(entry: DirectoryEntry, into: Float64Array): Float64Array {
    into.fill(0);
    const { column } = entry;
    for (const row of this.#rows) {
      for (let i = 0; i < into.length; i += 1) into[i] = (into[i] as number) + (row[column + i] as number);
    }
    return this.#directory.isCurrent(entry) ? into : into.fill(0);
  }
}

const keyOf = ({ instrument, attributes }: SeriesName): string => JSON.stringify([instrument, attributes]);
