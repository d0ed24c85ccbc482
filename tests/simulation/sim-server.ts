/** A simulated endpoint: serves a number of requests at once, queues others, and fails as it is told. */
import type { Cancel, Random } from "../../src/core/platform.ts";
import type { EventClock } from "./event-clock.ts";

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
  | "flaky";

export interface ServerOptions {
  readonly clock: EventClock;
  readonly random: Random;
  /** Median of the service times. */
  readonly serviceMs: number;
  /** Requests served at once; others wait. */
  readonly capacity: number;
  /** Waiting requests beyond this number get 503. */
  readonly queue: number;
}

export interface Job {
  /** The head is ready. */
  answer(status: number): void;
  reset(): void;
}

/** Log-normal with σ = 0.5: a tail of 3 × the median at the 99th percentile. */
const SIGMA = 0.5;

export class SimServer {
  fault: Fault | undefined;
  /** Requests that arrived here. */
  served = 0;
  readonly #options: ServerOptions;
  readonly #running: Map<Job, Cancel> = new Map();
  readonly #waiting: Set<Job> = new Set();

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  get isReachable(): boolean {
    return this.fault !== "crashed" && this.fault !== "partitioned";
  }

  setFault(fault: Fault | undefined): void {
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
    const isBad = fault === "flaky" && random.float() < 0.5;
    if (fault === "hanging") return () => {};
    if (fault === "unavailable" || fault === "resetting" || isBad) {
      return clock.after(1, () => (fault === "resetting" ? job.reset() : job.answer(503)));
    }
    if (this.#running.size < capacity) this.#run(job);
    else if (this.#waiting.size < queue) this.#waiting.add(job);
    else return clock.after(1, () => job.answer(503));
    return () => this.#leave(job);
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
    const { serviceMs, random } = this.#options;
    const slowness = this.fault === "slow" ? 20 : 1;
    return serviceMs * slowness * Math.exp(SIGMA * normal(random));
  }
}

/** Box and Muller. */
export const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random.float())) * Math.cos(2 * Math.PI * random.float());
