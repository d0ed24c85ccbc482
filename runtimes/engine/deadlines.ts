/** Time limits as numbers, checked by one coarse sweep instead of a timer each. */

/** Something that must not last for ever. */
export interface Timed {
  /** In the milliseconds of `performance.now()`; Infinity is no limit. */
  readonly deadline: number;
  /** Called by the sweep once `deadline` has passed, and again with each sweep for as long as that is so. */
  expire(now: number): void;
}

/** How exactly time limits are kept. */
const SWEEP_MS = 100;

/** Runs a timer only while it has entries, and never keeps the process alive. */
export class Deadlines {
  readonly #entries = new Set<Timed>();
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  add(entry: Timed): void {
    this.#entries.add(entry);
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#timer.unref();
  }

  delete(entry: Timed): void {
    this.#entries.delete(entry);
  }

  #sweep(): void {
    if (this.#entries.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    const now = this.#now();
    for (const entry of this.#entries) if (entry.deadline <= now) entry.expire(now);
  }
}
