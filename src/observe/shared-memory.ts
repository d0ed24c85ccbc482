/**
 * Memory for series that several threads write at once.
 *
 * Each writer has a row of its own and adds to it without atomics: no other thread ever writes there, so nothing is lost, and an
 * update costs what it costs on private memory. Readers add up the rows. Threads only have to agree which columns belong to
 * which series: a directory of names holds that, and grows by compare-and-swap.
 *
 * ```
 *   counters   names used, columns used, rows used
 *   table      hash of a name → where its entry is, open addressing
 *   entries    byte length, column, columns, name as UTF-8 JSON
 *   rows       a Float64Array for each writer
 * ```
 */
import type { MetricMemory, SeriesName, Slots, StoredSeries } from "./metric-memory.ts";
import type { AttributeValues } from "./instrument.ts";

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

const [ENTRIES_USED, COLUMNS_USED, ROWS_USED] = [0, 1, 2] as const;
const COUNTERS = 4;
const ENTRY_HEAD = 3;
/** For names, for each column: most series have several. */
const BYTES_PER_COLUMN = 16;
const BYTES = Int32Array.BYTES_PER_ELEMENT;

interface Layout {
  readonly tableAt: number;
  readonly tableSize: number;
  readonly entriesAt: number;
  readonly entriesEnd: number;
  readonly rowsAt: number;
  readonly end: number;
}

const layoutOf = (writers: number, columns: number): Layout => {
  const tableSize = 2 ** Math.ceil(Math.log2(columns));
  const tableAt = COUNTERS * BYTES;
  const entriesAt = tableAt + tableSize * BYTES;
  const entriesEnd = entriesAt + columns * BYTES_PER_COLUMN;
  const rowsAt = Math.ceil(entriesEnd / Float64Array.BYTES_PER_ELEMENT) * Float64Array.BYTES_PER_ELEMENT;
  const end = rowsAt + writers * columns * Float64Array.BYTES_PER_ELEMENT;
  return { tableAt, tableSize, entriesAt, entriesEnd, rowsAt, end };
};

/** Room for threads to share. Pages that nothing is written to cost no memory. */
export const sharedMetrics = ({ writers, columns = 65_536 }: SharedMetricsSize): SharedMetrics => ({
  buffer: new SharedArrayBuffer(layoutOf(writers, columns).end),
  writers,
  columns,
});

/** FNV-1a. */
const hashOf = (bytes: Uint8Array): number => {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
};

/** A series that knows where its numbers are. */
interface ColumnSeries extends StoredSeries {
  readonly column: number;
  readonly size: number;
}

/** One thread's view of shared metrics. */
export class SharedMemory implements MetricMemory {
  readonly #layout: Layout;
  readonly #shared: SharedMetrics;
  readonly #counters: Int32Array;
  readonly #table: Int32Array;
  /** The whole buffer, for entries. */
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #rows: readonly Float64Array[];
  readonly #own: Float64Array;
  /** Entries that were decoded before, by where they are. */
  readonly #known: Map<number, ColumnSeries> = new Map();

  /**
   * @param row that this thread writes, where somebody else assigns them. @default the next one
   * @throws RangeError when more threads join than there are rows.
   */
  constructor(shared: SharedMetrics, row?: number) {
    const { buffer, writers, columns } = shared;
    const layout = layoutOf(writers, columns);
    this.#shared = shared;
    this.#layout = layout;
    this.#counters = new Int32Array(buffer, 0, COUNTERS);
    this.#table = new Int32Array(buffer, layout.tableAt, layout.tableSize);
    this.#words = new Int32Array(buffer, 0, Math.floor(layout.entriesEnd / BYTES));
    this.#bytes = new Uint8Array(buffer);
    this.#rows = Array.from(
      { length: writers },
      (_, row) =>
        new Float64Array(buffer, layout.rowsAt + row * columns * Float64Array.BYTES_PER_ELEMENT, columns),
    );
    const own = this.#rows[row ?? Atomics.add(this.#counters, ROWS_USED, 1)];
    if (own === undefined) throw new RangeError(`shared metrics: there is room for ${writers} threads`);
    this.#own = own;
  }

  claim({ instrument, attributes }: SeriesName, size: number): Slots | undefined {
    // Undefined has no place in JSON.
    const values = attributes === "overflow" ? attributes : attributes.map((value) => value ?? null);
    const name = new TextEncoder().encode(JSON.stringify([instrument, values]));
    const mask = this.#layout.tableSize - 1;
    let made: number | undefined;
    for (let at = hashOf(name) & mask, tries = 0; tries <= mask; at = (at + 1) & mask, tries += 1) {
      let entry = Atomics.load(this.#table, at);
      if (entry === 0) {
        made ??= this.#write(name, size);
        if (made === undefined) return undefined;
        entry = Atomics.compareExchange(this.#table, at, 0, made) || made;
      }
      if (this.#isNamed(entry, name)) return { values: this.#own, at: this.#words[entry + 1] as number };
    }
    return undefined;
  }

  series(): Iterable<StoredSeries> {
    return this.#all();
  }

  #all(): readonly ColumnSeries[] {
    const found: ColumnSeries[] = [];
    for (let at = 0; at < this.#table.length; at += 1) {
      const entry = Atomics.load(this.#table, at);
      if (entry !== 0) found.push(this.#seriesAt(entry));
    }
    return found;
  }

  /** What one row has for an instrument with one number for each series, added up. */
  sumOf(row: number, instrument: string): number {
    const values = this.#rows[row];
    return this.#all()
      .filter((series) => series.instrument === instrument)
      .reduce((sum, { column }) => sum + (values?.[column] ?? 0), 0);
  }

  /** Sets the numbers of some series in one row to 0: of a thread that has ended, what can't have outlived it. */
  clear(row: number, isCleared: (instrument: string) => boolean): void {
    const values = this.#rows[row];
    for (const { instrument, column, size } of this.#all()) {
      if (isCleared(instrument)) values?.fill(0, column, column + size);
    }
  }

  /** Writes an entry that is not in the table yet. Where another thread takes the place in the table first, it stays unused. */
  #write(name: Uint8Array, size: number): number | undefined {
    const { entriesAt, entriesEnd } = this.#layout;
    const { columns } = this.#shared;
    const bytes = ENTRY_HEAD * BYTES + Math.ceil(name.length / BYTES) * BYTES;
    // Counters are never decreased: room that is given back could be given out twice. Checking first keeps them in bounds.
    if (Atomics.load(this.#counters, ENTRIES_USED) + bytes > entriesEnd - entriesAt) return undefined;
    if (Atomics.load(this.#counters, COLUMNS_USED) + size > columns) return undefined;
    const start = entriesAt + Atomics.add(this.#counters, ENTRIES_USED, bytes);
    const column = Atomics.add(this.#counters, COLUMNS_USED, size);
    if (start + bytes > entriesEnd || column + size > columns) return undefined;
    const entry = start / BYTES;
    this.#words[entry] = name.length;
    this.#words[entry + 1] = column;
    this.#words[entry + 2] = size;
    this.#bytes.set(name, start + ENTRY_HEAD * BYTES);
    return entry;
  }

  #nameAt(entry: number): Uint8Array {
    const from = (entry + ENTRY_HEAD) * BYTES;
    return this.#bytes.subarray(from, from + (this.#words[entry] as number));
  }

  #isNamed(entry: number, name: Uint8Array): boolean {
    const other = this.#nameAt(entry);
    return other.length === name.length && other.every((byte, index) => byte === name[index]);
  }

  #seriesAt(entry: number): ColumnSeries {
    const known = this.#known.get(entry);
    if (known !== undefined) return known;
    // A decoder takes no shared memory.
    const text = new TextDecoder().decode(this.#nameAt(entry).slice());
    const [instrument, values] = JSON.parse(text) as [string, "overflow" | (string | number | null)[]];
    const attributes: AttributeValues | "overflow" =
      values === "overflow" ? values : values.map((value) => value ?? undefined);
    const column = this.#words[entry + 1] as number;
    const size = this.#words[entry + 2] as number;
    const sums = new Float64Array(size);
    const series = { instrument, attributes, column, size, read: () => this.#sum(column, sums) };
    this.#known.set(entry, series);
    return series;
  }

  #sum(column: number, into: Float64Array): Float64Array {
    into.fill(0);
    for (const row of this.#rows) {
      for (let i = 0; i < into.length; i += 1) into[i] = (into[i] as number) + (row[column + i] as number);
    }
    return into;
  }
}
