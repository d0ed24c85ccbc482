/** A lock in memory that threads share, for changes that are short and rare: who waits for it spins. */

/** Tries for the lock before a sleep: the thread that has it may need this CPU. */
const SPINS = 1_000;
const SLEEP_MS = 1;

/** One thread's view. */
export class SharedLock {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #row: number;

  /**
   * @param at the word that holds the row of the thread that has the lock, plus 1; 0 is nobody
   * @param row of this thread, from 0
   */
  constructor(words: Int32Array, at: number, row: number) {
    this.#words = words;
    this.#at = at;
    this.#row = row;
  }

  /** Runs `change` while no other thread has the lock. MUST NOT be called within `change`. */
  locked<Result>(change: () => Result): Result {
    const [words, at] = [this.#words, this.#at];
    for (let tries = 1; Atomics.compareExchange(words, at, 0, this.#row + 1) !== 0; tries += 1) {
      if (tries % SPINS === 0) Atomics.wait(words, at, Atomics.load(words, at), SLEEP_MS);
    }
    try {
      return change();
    } finally {
      Atomics.store(words, at, 0);
    }
  }

  /** Frees the lock where the thread of `row` has ended with it. */
  release(row: number): void {
    Atomics.compareExchange(this.#words, this.#at, row + 1, 0);
  }
}
