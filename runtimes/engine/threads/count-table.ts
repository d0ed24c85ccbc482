/**
 * Counts by name in memory that all threads share.
 *
 * ```
 *   lock     who is changing names, as row + 1; 0 is nobody
 *   slots    name (64 bits of hash), a count for each thread, and for each thread how often it holds the name; open addressing
 * ```
 *
 * Each thread writes only its own numbers, and a total is their sum: what a thread had counted or held that ended without a word can be
 * taken back.
 */

import { SharedLock } from "../../../src/core/shared-lock.ts";

/** What a thread needs to take part. Can be sent with `postMessage`. */
export interface SharedCounts {
  readonly buffer: SharedArrayBuffer;
  readonly threads: number;
  /** A power of 2. */
  readonly slots: number;
}

const LOCK = 0;
const HEAD = 1;
const NAME_WORDS = 2;

const slotWords = (threads: number): number => NAME_WORDS + 2 * threads;

/** @param slots room for as many names at once; a power of 2 */
export const sharedCounts = (threads: number, slots: number): SharedCounts => ({
  buffer: new SharedArrayBuffer((HEAD + slots * slotWords(threads)) * Int32Array.BYTES_PER_ELEMENT),
  threads,
  slots,
});

type Hashes = readonly [number, number];

/** Two FNV-1a hashes that begin differently. The first is never 0, which is an unused slot. */
const hashesOf = (name: string): Hashes => {
  let [one, two] = [0x811c9dc5, 0x9747b28c];
  for (let i = 0; i < name.length; i += 1) {
    const code = name.charCodeAt(i);
    one = Math.imul(one ^ code, 0x01000193);
    two = Math.imul(two ^ code, 0x85ebca6b);
  }
  return [one | 1, two | 0];
};

export class CountTable {
  readonly #words: Int32Array;
  readonly #threads: number;
  readonly #slots: number;
  readonly #row: number;
  readonly #lock: SharedLock;

  /** @param row of this thread, from 0 */
  constructor({ buffer, threads, slots }: SharedCounts, row: number) {
    this.#words = new Int32Array(buffer);
    this.#threads = threads;
    this.#slots = slots;
    this.#row = row;
    this.#lock = new SharedLock(this.#words, LOCK, row);
  }

  /** Runs `change` while no other thread changes names. */
  locked<Result>(change: () => Result): Result {
    return this.#lock.locked(change);
  }

  /** Where `name` is counted; undefined where it has no slot. Under the lock. */
  find(name: string): number | undefined {
    return this.#search(hashesOf(name), () => false).at;
  }

  /**
   * The same, with a new slot where it has none. Undefined where all are in use. Under the lock.
   *
   * @param isFree whether the slot of a name may go to another name, which counts from 0
   */
  findOrMake(name: string, isFree: (at: number) => boolean): number | undefined {
    const hashes = hashesOf(name);
    const { at, free } = this.#search(hashes, isFree);
    if (at !== undefined || free === undefined) return at;
    for (let word = free + NAME_WORDS; word < free + slotWords(this.#threads); word += 1)
      Atomics.store(this.#words, word, 0);
    Atomics.store(this.#words, free + 1, hashes[1]);
    Atomics.store(this.#words, free, hashes[0]);
    return free;
  }

  totalAt(at: number): number {
    let total = 0;
    for (let row = 0; row < this.#threads; row += 1)
      total += Atomics.load(this.#words, at + NAME_WORDS + row);
    return total;
  }

  /** What this thread has counted. */
  ownAt(at: number): number {
    return Atomics.load(this.#words, at + NAME_WORDS + this.#row);
  }

  addAt(at: number, amount: 1 | -1): void {
    Atomics.add(this.#words, at + NAME_WORDS + this.#row, amount);
  }

  /** Whether any thread holds the name. */
  isHeldAt(at: number): boolean {
    for (let row = 0; row < this.#threads; row += 1)
      if (Atomics.load(this.#words, this.#holdAt(at, row)) > 0) return true;
    return false;
  }

  /** This thread uses the name once more. Under the lock in which the slot was found. */
  hold(at: number): void {
    Atomics.add(this.#words, this.#holdAt(at, this.#row), 1);
  }

  /** Once less. Slots that no search has to pass any more become empty again, so that searches stay short. Under the lock. */
  release(at: number): void {
    const words = this.#words;
    Atomics.sub(words, this.#holdAt(at, this.#row), 1);
    const slots = this.#slots;
    const first = (at - HEAD) / slotWords(this.#threads);
    if (Atomics.load(words, this.#address((first + 1) % slots)) !== 0) return;
    for (let slot = first; ; slot = (slot + slots - 1) % slots) {
      const address = this.#address(slot);
      if (Atomics.load(words, address) === 0 || this.isHeldAt(address)) return;
      Atomics.store(words, address, 0);
    }
  }

  /** Takes back all that the thread of `row` has counted and held, which has ended. */
  clear(row: number): void {
    this.#lock.release(row);
    for (let slot = 0; slot < this.#slots; slot += 1) {
      const at = this.#address(slot);
      Atomics.store(this.#words, at + NAME_WORDS + row, 0);
      Atomics.store(this.#words, this.#holdAt(at, row), 0);
    }
  }

  #address(slot: number): number {
    return HEAD + slot * slotWords(this.#threads);
  }

  #holdAt(at: number, row: number): number {
    return at + NAME_WORDS + this.#threads + row;
  }

  #search(
    [one, two]: Hashes,
    isFree: (at: number) => boolean,
  ): { readonly at?: number; readonly free?: number | undefined } {
    const words = this.#words;
    const mask = this.#slots - 1;
    let free: number | undefined;
    for (let slot = one & mask, tries = 0; tries <= mask; slot = (slot + 1) & mask, tries += 1) {
      const at = this.#address(slot);
      const found = Atomics.load(words, at);
      if (found === 0) return { free: free ?? at };
      if (found === one && Atomics.load(words, at + 1) === two) return { at };
      if (free === undefined && isFree(at)) free = at;
    }
    return { free };
  }
}
