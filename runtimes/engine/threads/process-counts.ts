/** What all threads count together, and what becomes of it when one is lost. */
import { allInstruments } from "../../../src/observe/instruments.ts";
import type { Observed } from "../../../src/observe/metric-reading.ts";
import { combined } from "../../../src/observe/observed.ts";
import { SharedMemory, sharedMetrics } from "../../../src/observe/shared-memory.ts";
import type { ThreadStart } from "./messages.ts";
import { NOTHING, type ServingThread } from "./serving-thread.ts";
import { Tallies, sharedTallies } from "./tallies.ts";

/** Numbers of all series together, see `SharedMetricsSize`. */
const COLUMNS = 2 ** 18;
const MAIN_ROW = 0;
const KINDS = new Map(allInstruments().map((instrument) => [instrument.name, instrument]));
const IN_FLIGHT = "http.server.active_requests";

const rowOf = (place: number): number => place + 1;

export class ProcessCounts {
  /** Where the main thread counts. */
  readonly memory: SharedMemory;
  readonly #shared: Pick<ThreadStart, "metrics" | "tallies">;
  readonly #tallies: Tallies;
  /** What observers of lost threads had counted. */
  #departed: Observed = NOTHING;

  /** @param threads that answer requests */
  constructor(threads: number) {
    const metrics = sharedMetrics({ writers: threads + 1, columns: COLUMNS });
    this.#shared = { metrics, tallies: sharedTallies(threads) };
    this.memory = new SharedMemory(metrics, MAIN_ROW);
    // Only to take back what lost threads have added.
    this.#tallies = new Tallies(this.#shared.tallies, 0);
  }

  /** For the thread in a place, from 0. A thread goes on with what the one before it had counted. */
  startOf(place: number): Pick<ThreadStart, "metrics" | "tallies" | "row" | "place"> {
    return { ...this.#shared, row: rowOf(place), place };
  }

  /** @param own what the main thread's observers find */
  async observed(own: Observed, threads: readonly ServingThread[]): Promise<Observed> {
    const others = await Promise.all(threads.map((thread) => thread.observed()));
    return combined([own, this.#departed, ...others], KINDS);
  }

  /** What can't have outlived the thread is taken back, all else stays. @returns how many requests were in flight */
  lost(place: number, { lastObserved }: ServingThread): number {
    const row = rowOf(place);
    const inFlight = this.memory.sumOf(row, IN_FLIGHT);
    this.#tallies.clear(place);
    this.memory.clear(row, (name) => KINDS.get(name)?.kind === "up-down-counter");
    const points = lastObserved.points.filter(({ instrument }) => KINDS.get(instrument)?.kind === "counter");
    this.#departed = combined([this.#departed, { points, exemplars: [] }], KINDS);
    return inFlight;
  }
}
