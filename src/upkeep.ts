/** What a gateway does besides answering requests: health checks, discovery, pushes to a collector. */

/** One such task. */
export interface UpkeepTask {
  /** Begins to run by itself, where timers outlive requests. */
  start(): void;
  stop(): void;
  /** Does what is due, once. Called where timers end with their request. */
  runDue?(): Promise<void>;
  /** Finishes what must not be lost, within `ms` milliseconds. */
  flush?(ms: number): Promise<void>;
}

/**
 * Servers call `start` when they listen and `stop` when their gateway is replaced or they end. On Workers a cron trigger, or the
 * end of a request, calls `runDue`.
 */
export class Upkeep {
  readonly #tasks: UpkeepTask[] = [];
  #isRunning = false;

  add(task: UpkeepTask): void {
    this.#tasks.push(task);
  }

  /** Whether nothing will ever be due. */
  get isEmpty(): boolean {
    return this.#tasks.every((task) => task.runDue === undefined);
  }

  /** Does nothing while it runs already. */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    for (const task of this.#tasks) task.start();
  }

  stop(): void {
    this.#isRunning = false;
    for (const task of this.#tasks) task.stop();
  }

  /** Within `ms` milliseconds. */
  async flush(ms: number): Promise<void> {
    await Promise.all(this.#tasks.map(async (task) => task.flush?.(ms)));
  }

  async runDue(): Promise<void> {
    await Promise.all(this.#tasks.map(async (task) => task.runDue?.()));
  }
}
