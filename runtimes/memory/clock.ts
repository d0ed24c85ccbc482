/** A clock that only moves when told to. */
import type { Cancel, Clock } from "../../src/core/platform.ts";

interface Task {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** Starts at 0 ms (monotonic) and at `epochMs` (wall). Nothing happens until `advance`. */
export class ManualClock implements Clock {
  #now = 0;
  #order = 0;
  readonly #epochMs: number;
  readonly #tasks: Set<Task> = new Set();

  /** @param epochMs Wall time at the start, in milliseconds since 1970. */
  constructor(epochMs = 0) {
    this.#epochMs = epochMs;
  }

  now(): number {
    return this.#now;
  }

  epoch(): number {
    return this.#epochMs + this.#now;
  }

  after(ms: number, run: () => void): Cancel {
    const task: Task = { at: this.#now + Math.max(0, ms), order: this.#order++, run };
    this.#tasks.add(task);
    return () => {
      this.#tasks.delete(task);
    };
  }

  /** Timers that wait. 0 after a request is over means that it left nothing behind. */
  get pending(): number {
    return this.#tasks.size;
  }

  /**
   * Moves time forward by `ms`, running what falls due in order of time, each at its own time, and lets promises
   * settle in between.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settle();
      const next = this.#next(end);
      if (next === undefined) break;
      this.#tasks.delete(next);
      this.#now = next.at;
      next.run();
    }
    this.#now = end;
    await settle();
  }

  #next(end: number): Task | undefined {
    let first: Task | undefined;
    for (const task of this.#tasks) {
      if (task.at > end) continue;
      const earlier =
        first === undefined || task.at < first.at || (task.at === first.at && task.order < first.order);
      if (earlier) first = task;
    }
    return first;
  }
}

/** Lets chains of already settled promises run. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
};
