/** Time limits without a timer each: numbers that one coarse sweep looks at. */
import type { Clock } from "../../src/core/platform.ts";

/** What has a time limit. */
export interface DeadlineEntry {
  /** In the clock's milliseconds; may be changed at any time. Infinity is no limit. */
  readonly deadline: number;
  /** Called by each sweep that finds `deadline` passed, until the entry is deleted or its deadline moved. */
  expired(now: number): void;
}

/** Deadlines are noticed this much too late at most. */
const SWEEP_MS = 100;

/**
 * The sweep runs only while there are entries. Made for entries that stay for long, as connections do: a `Set` that changes
 * with each request keeps dead entries alive over collections.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #entries: Set<DeadlineEntry> = new Set();
  readonly #sweep: () => void = () => this.#check();
  #running = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(entry: DeadlineEntry): void {
    this.#entries.add(entry);
    if (this.#running) return;
    this.#running = true;
    this.#clock.after(SWEEP_MS, this.#sweep);
  }

  delete(entry: DeadlineEntry): void {
    this.#entries.delete(entry);
  }

  #check(): void {
    const now = this.#clock.now();
    for (const entry of this.#entries) if (entry.deadline <= now) entry.expired(now);
    // Under a light load entries come and go all the time: the timer is left to run out instead of being made anew.
    this.#running = this.#entries.size > 0;
    if (this.#running) this.#clock.after(SWEEP_MS, this.#sweep);
  }
}

/** When `ms` after `since` have passed; 0 is no limit. */
export const limitFrom = (since: number, ms: number): number => (ms === 0 ? Infinity : since + ms);
