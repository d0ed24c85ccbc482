/** A simulated endpoint: serves a number of requests at once, queues others, and fails as it is told. */
import type { Cancel, Random } from "../../src/core/platform.ts";
import type { EventClock } from "./event-clock.ts";
import type { RunLog } from "./run-log.ts";
import type { ServerPlan } from "./scenario.ts";

export type Fault =
  /** Connections are refused, and what was under way is reset. */
  | "crashed"
  /** Connections are made, and nothing is ever answered. */
  | "hanging"
  /** Packets are lost: not even a connection. */
  | "partitioned"
  /** Answers 503 at once. */
  | "unavailable"
  /** Reads the request and resets. */
  | "resetting"
  /** Sends a head and part of a body, then resets. */
  | "truncating"
  /** Twenty times as slow. */
  | "slow"
  /** Every other request fails. */
  | "flaky"
  /** Every seventh request fails. */
  | "erring";

export interface ServerOptions extends Pick<
  ServerPlan,
  "serviceMs" | "capacity" | "queue" | "degrades" | "wastes" | "coldMs"
> {
  readonly clock: EventClock;
  readonly random: Random;
  readonly log: RunLog;
}

export interface Job {
  /** The head is ready. */
  answer(status: number): void;
  reset(): void;
}

/** Log-normal with σ = 0.5: a tail of 3 × the median at the 99th percentile. */
const SIGMA = 0.5;
/** How many times as long a request takes just after a crash. */
const COLDNESS = 5;
const ODDS: ReadonlyMap<Fault | undefined, number> = new Map([
  ["flaky", 0.5],
  ["erring", 0.15],
]);

export class SimServer {
  fault: Fault | undefined;
  /** Requests that arrived here. */
  served = 0;
  readonly #options: ServerOptions;
  readonly #running: Map<Job, Cancel> = new Map();
  readonly #waiting: Set<Job> = new Set();
  #restartedAt = Number.NEGATIVE_INFINITY;

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  get isReachable(): boolean {
    return this.fault !== "crashed" && this.fault !== "partitioned";
  }

  setFault(fault: Fault | undefined): void {
    if (this.fault === "crashed" && fault !== "crashed") this.#restartedAt = this.#options.clock.now();
    this.fault = fault;
    if (fault !== "crashed") return;
    const lost = [...this.#running.keys(), ...this.#waiting];
    for (const stop of this.#running.values()) stop();
    this.#running.clear();
    this.#waiting.clear();
    for (const job of lost) job.reset();
  }

  /** @returns takes the request back */
  accept(job: Job): Cancel {
    const { clock, capacity, queue, random } = this.#options;
    this.served += 1;
    const { fault } = this;
    const odds = ODDS.get(fault);
    const isBad = odds !== undefined && random.float() < odds;
    if (fault === "hanging") return () => {};
    if (fault === "unavailable" || fault === "resetting" || isBad) {
      return clock.after(1, () => (fault === "resetting" ? job.reset() : job.answer(503)));
    }
    if (this.#running.size < capacity) this.#run(job);
    else if (this.#waiting.size < queue) this.#waiting.add(job);
    else return clock.after(1, () => job.answer(503));
    return () => {
      if (!this.#options.wastes) this.#leave(job);
      else if (this.#running.has(job)) this.#options.log.exercised("work that was wasted");
    };
  }

  #run(job: Job): void {
    const { clock } = this.#options;
    const stop = clock.after(this.#serviceMs(), () => {
      this.#leave(job);
      job.answer(200);
    });
    this.#running.set(job, stop);
  }

  #leave(job: Job): void {
    this.#waiting.delete(job);
    const stop = this.#running.get(job);
    if (stop === undefined) return;
    stop();
    this.#running.delete(job);
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#waiting.delete(next);
    this.#run(next);
  }

  #serviceMs(): number {
    const { serviceMs, random, degrades, capacity } = this.#options;
    const slowness = (this.fault === "slow" ? 20 : 1) * this.#coldness();
    const crowding = degrades ? 1 + this.#running.size / capacity : 1;
    return serviceMs * slowness * crowding * Math.exp(SIGMA * normal(random));
  }

  /** Falls from `COLDNESS` to 1. */
  #coldness(): number {
    const { coldMs, clock, log } = this.#options;
    const elapsed = clock.now() - this.#restartedAt;
    if (elapsed < coldMs) log.exercised("a cold server");
    return elapsed >= coldMs ? 1 : COLDNESS - ((COLDNESS - 1) * elapsed) / coldMs;
  }
}

/** Box and Muller. */
export const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random.float())) * Math.cos(2 * Math.PI * random.float());
