/**
 * Which columns of shared memory belong to which series. A thread holds a series from its claim to its release; the columns are free
 * again once no thread holds it.
 *
 * ```
 *   counters   the lock as row + 1, bytes of entries used, columns used, rows used, first free entry
 *   table      hash of a name → where its entry is, open addressing
 *   entries    byte length, column, columns, room for the name, version, next free entry, holders, name as UTF-8
 * ```
 *
 * Claims and releases take the lock; they are rare. Readers do without it: by the version of an entry they see that it has passed to
 * another series.
 */
import { hashText } from "../core/hash.ts";
import { SharedLock } from "../core/shared-lock.ts";

const [LOCK, ENTRIES_USED, COLUMNS_USED, ROWS_USED, FIRST_FREE] = [0, 1, 2, 3, 4] as const;
const COUNTERS = 6;
const [NAME_BYTES, COLUMN, SIZE, ROOM, VERSION, NEXT_FREE, HOLDERS] = [0, 1, 2, 3, 4, 5, 6] as const;
/** Marks a place in the table whose name was removed: searches go on behind it. */
const REMOVED = -1;
/** Room for entries, for each column: most series have several columns. */
const BYTES_PER_COLUMN = 32;
/** Room for a name is a multiple of this, so that another name often fits later. */
const ROOM_BYTES = 32;
const BYTES = Int32Array.BYTES_PER_ELEMENT;
const HOLDERS_A_WORD = 32;

export interface DirectorySize {
  readonly writers: number;
  readonly columns: number;
}

const tableSizeOf = (columns: number): number => 2 ** Math.ceil(Math.log2(columns));

/** What a directory takes at the beginning of its buffer. */
export const directoryBytes = ({ columns }: DirectorySize): number =>
  (COUNTERS + tableSizeOf(columns)) * BYTES + columns * BYTES_PER_COLUMN;

/** Columns that belong together. */
export interface Columns {
  readonly column: number;
  readonly size: number;
}

/** A series in the directory. Valid while `isCurrent`. */
export interface DirectoryEntry extends Columns {
  readonly at: number;
  readonly version: number;
  readonly name: string;
}

/** What a search for a name comes to. */
interface Found {
  readonly entry: number | undefined;
  /** The place of the entry in the table; without an entry, where it can be put, if there is room. */
  readonly slot: number | undefined;
  /** The name in UTF-8. */
  readonly bytes: Uint8Array;
}

/** One thread's view. */
export class SeriesDirectory {
  /** Of this thread. */
  readonly row: number;
  readonly #lock: SharedLock;
  readonly #columns: number;
  readonly #headBytes: number;
  readonly #table: Int32Array;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #entriesAt: number;
  readonly #entriesEnd: number;
  /** Entries that were read before, by `at`. */
  readonly #known: Map<number, DirectoryEntry> = new Map();

  /** @param row of this thread. @default the next one */
  constructor(buffer: SharedArrayBuffer, size: DirectorySize, row?: number) {
    const tableSize = tableSizeOf(size.columns);
    this.#columns = size.columns;
    this.#headBytes = (HOLDERS + Math.ceil(size.writers / HOLDERS_A_WORD)) * BYTES;
    this.#table = new Int32Array(buffer, COUNTERS * BYTES, tableSize);
    this.#entriesAt = (COUNTERS + tableSize) * BYTES;
    this.#entriesEnd = directoryBytes(size);
    this.#words = new Int32Array(buffer, 0, this.#entriesEnd / BYTES);
    this.#bytes = new Uint8Array(buffer);
    this.row = row ?? Atomics.add(this.#words, ROWS_USED, 1);
    this.#lock = new SharedLock(this.#words, LOCK, this.row);
  }

  /** Finds or allocates the columns of a series, which this thread holds from now on. Undefined where there is no room. */
  claim(name: string, size: number): number | undefined {
    return this.#lock.locked(() => {
      const { entry, slot, bytes } = this.#find(name);
      const at = entry ?? this.#add(bytes, size, slot);
      if (at === undefined) return undefined;
      const [word, bit] = this.#holder(at);
      Atomics.or(this.#words, word, bit);
      return this.#words[at + COLUMN];
    });
  }

  /**
   * This thread no longer holds the series.
   *
   * @param erase is called with its columns where no other thread holds it either, before another series can get them.
   */
  release(name: string, erase: (columns: Columns) => void): void {
    const words = this.#words;
    this.#lock.locked(() => {
      const { entry, slot } = this.#find(name);
      if (entry === undefined || slot === undefined) return;
      const [word, bit] = this.#holder(entry);
      Atomics.and(words, word, ~bit);
      const holders = words.subarray(entry + HOLDERS, entry + this.#headBytes / BYTES);
      if (holders.some((each) => each !== 0)) return;
      this.#remove(slot);
      Atomics.add(words, entry + VERSION, 1);
      erase({ column: words[entry + COLUMN] as number, size: words[entry + SIZE] as number });
      words[entry + NEXT_FREE] = words[FIRST_FREE] as number;
      words[FIRST_FREE] = entry;
    });
  }

  /** Every series that any thread holds, in no order. */
  entries(): readonly DirectoryEntry[] {
    const found: DirectoryEntry[] = [];
    for (let slot = 0; slot < this.#table.length; slot += 1) {
      const at = Atomics.load(this.#table, slot);
      if (at <= 0) continue;
      const known = this.#known.get(at);
      const entry = known !== undefined && this.isCurrent(known) ? known : this.#readAt(at, slot);
      if (entry !== undefined) found.push(entry);
    }
    return found;
  }

  /** Whether its columns are still those of its series. */
  isCurrent({ at, version }: DirectoryEntry): boolean {
    return Atomics.load(this.#words, at + VERSION) === version;
  }

  /** Frees the lock where the thread of `row` has ended with it. */
  unlock(row: number): void {
    this.#lock.release(row);
  }

  #readAt(at: number, slot: number): DirectoryEntry | undefined {
    return this.#lock.locked(() => {
      if (Atomics.load(this.#table, slot) !== at) return undefined;
      const [column, size, version] = [COLUMN, SIZE, VERSION].map((word) => this.#words[at + word] as number);
      // A decoder takes no shared memory.
      const name = new TextDecoder().decode(this.#nameAt(at).slice());
      const entry = { at, column, size, version, name } as DirectoryEntry;
      this.#known.set(at, entry);
      return entry;
    });
  }

  #find(name: string): Found {
    const bytes = new TextEncoder().encode(name);
    const mask = this.#table.length - 1;
    let free: number | undefined;
    for (let slot = hashText(name) & mask, tries = 0; tries <= mask; slot = (slot + 1) & mask, tries += 1) {
      const entry = Atomics.load(this.#table, slot);
      if (entry === 0) return { entry: undefined, slot: free ?? slot, bytes };
      if (entry === REMOVED) free ??= slot;
      else if (this.#isNamed(entry, bytes)) return { entry, slot, bytes };
    }
    return { entry: undefined, slot: free, bytes };
  }

  #add(name: Uint8Array, size: number, slot: number | undefined): number | undefined {
    if (slot === undefined) return undefined;
    const entry = this.#reuse(name, size) ?? this.#allocate(name, size);
    if (entry === undefined) return undefined;
    this.#words[entry + NAME_BYTES] = name.length;
    this.#bytes.set(name, entry * BYTES + this.#headBytes);
    Atomics.store(this.#table, slot, entry);
    return entry;
  }

  #reuse(name: Uint8Array, size: number): number | undefined {
    const words = this.#words;
    let before: number = FIRST_FREE;
    for (let entry = words[before] as number; entry !== 0; entry = words[before] as number) {
      if (words[entry + SIZE] === size && (words[entry + ROOM] as number) >= name.length) {
        words[before] = words[entry + NEXT_FREE] as number;
        return entry;
      }
      before = entry + NEXT_FREE;
    }
    return undefined;
  }

  #allocate(name: Uint8Array, size: number): number | undefined {
    const words = this.#words;
    const room = Math.ceil(name.length / ROOM_BYTES) * ROOM_BYTES;
    const start = this.#entriesAt + (words[ENTRIES_USED] as number);
    const column = words[COLUMNS_USED] as number;
    const end = start + this.#headBytes + room;
    if (end > this.#entriesEnd || column + size > this.#columns) return undefined;
    words[ENTRIES_USED] = end - this.#entriesAt;
    words[COLUMNS_USED] = column + size;
    const entry = start / BYTES;
    words[entry + COLUMN] = column;
    words[entry + SIZE] = size;
    words[entry + ROOM] = room;
    return entry;
  }

  /** Takes a name out of the table, and the marks of removed names before it where nothing lies behind them any more. */
  #remove(slot: number): void {
    const mask = this.#table.length - 1;
    Atomics.store(this.#table, slot, REMOVED);
    if (Atomics.load(this.#table, (slot + 1) & mask) !== 0) return;
    for (let at = slot; Atomics.load(this.#table, at) === REMOVED; at = (at + mask) & mask)
      Atomics.store(this.#table, at, 0);
  }

  #holder(entry: number): readonly [word: number, bit: number] {
    return [entry + HOLDERS + Math.floor(this.row / HOLDERS_A_WORD), 1 << (this.row % HOLDERS_A_WORD)];
  }

  #nameAt(entry: number): Uint8Array {
    const from = entry * BYTES + this.#headBytes;
    return this.#bytes.subarray(from, from + (this.#words[entry + NAME_BYTES] as number));
  }

  #isNamed(entry: number, name: Uint8Array): boolean {
    const other = this.#nameAt(entry);
    return other.length === name.length && other.every((byte, index) => byte === name[index]);
  }
}
