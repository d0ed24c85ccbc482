/** One thread that answers requests, as the main thread sees it. */
import v8 from "node:v8";
import { Worker } from "node:worker_threads";
import type { Diagnostics } from "../../../src/core/diagnostics.ts";
import type { Observed } from "../../../src/observe/metric-reading.ts";
import { ServeError, type Serving } from "../../serving.ts";
import { errorOf } from "./error-data.ts";
import type { MainMethods, ThreadMethods, ThreadStart } from "./messages.ts";
import { Peer } from "./peer.ts";
import { RemoteDiagnostics } from "./thread-diagnostics.ts";
import { within } from "./within.ts";
import { type ThreadLoss, exited, lossBy, silentFor } from "./thread-loss.ts";

/** A thread that is stopped is ended after that: its code may run without end. */
export const STOP_MS = 5_000;
/** After its time for what is in flight, a thread sends the last telemetry and lines. */
export const END_MS = 10_000;

/** How many requests were cut. */
export interface Ended {
  readonly cut: number;
}

export const totalOf = (ended: readonly Ended[]): Ended => ({
  cut: ended.reduce((sum, { cut }) => sum + cut, 0),
});

export interface ServingThreadOptions {
  /** Module that the thread begins with. */
  readonly entry: URL;
  readonly name: string;
  readonly start: ThreadStart;
  readonly methods: Omit<MainMethods, "ready" | "failed" | "ending">;
  /** The thread has ended without being told to. Called at most once, after `ready` has settled. */
  readonly lost: (loss: ThreadLoss) => void;
}

export const NOTHING: Observed = Object.freeze({ points: [], exemplars: [] });

/** A thread whose error was seen ends at once; one that does not is ended. */
const FAILED_MS = 2_000;
/** A thread that is this late is busy. What it said last counts. */
const OBSERVE_MS = 1_000;

export class ServingThread {
  readonly peer: Peer<ThreadMethods>;
  readonly diagnostics: Diagnostics;
  /** From 1, as messages name it. */
  readonly number: number;
  /** Resolves to its address when it accepts connections. Rejects when it can't, or ends before. */
  readonly ready: Promise<Serving["address"]>;
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  #loss: ThreadLoss | undefined;
  #isWanted = true;
  #hasEnded = false;
  #observed: Observed = NOTHING;

  constructor({ entry, name, start, methods, lost }: ServingThreadOptions) {
    const worker = new Worker(entry, {
      name,
      workerData: start,
      // The same as for a process of one thread. Deno ends the process without it.
      resourceLimits: {
        maxOldGenerationSizeMb: Math.floor(v8.getHeapStatistics().heap_size_limit / 2 ** 20),
      },
    });
    this.#worker = worker;
    this.number = start.place + 1;
    const { promise, resolve, reject } = Promise.withResolvers<Serving["address"]>();
    this.ready = promise;
    this.peer = new Peer<ThreadMethods>(worker, {
      ...methods,
      ready: resolve,
      ending: (loss: ThreadLoss) => void (this.#loss ??= loss),
      failed: (error: Parameters<MainMethods["failed"]>[0]) => reject(errorOf(error)),
    } satisfies MainMethods);
    this.diagnostics = new RemoteDiagnostics(this.peer);
    worker.on("error", (error: unknown) => {
      this.#loss ??= lossBy(error);
      setTimeout(() => void worker.terminate(), FAILED_MS).unref();
    });
    this.#ended = new Promise((ended) => {
      worker.once("exit", (code: number) => {
        const loss = this.#loss ?? exited(code);
        const error = new ServeError(`a thread that answers requests has ended: ${loss.detail}`);
        this.#hasEnded = true;
        this.peer.close(error);
        reject(error);
        ended();
        if (this.#isWanted) queueMicrotask(() => lost(loss));
      });
    });
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /**
   * Ends it where it does not answer within `limitMs`, because its code does not return. It counts as lost then, so that another one
   * takes its place.
   *
   * @returns whether it has ended
   */
  async endUnlessResponsive(limitMs: number): Promise<boolean> {
    const answer = this.peer.call("ping").then(() => true);
    if ((await within(answer, limitMs)) === true) return false;
    if (this.#hasEnded) return true;
    this.#loss ??= silentFor(limitMs);
    void this.#worker.terminate();
    await this.#ended;
    return true;
  }

  /** Values of its observers; the last known ones where it is busy or gone. */
  async observed(): Promise<Observed> {
    const found = await within(this.peer.call("observed"), OBSERVE_MS);
    this.#observed = found ?? this.#observed;
    return this.#observed;
  }

  /** Counters of its observers as far as they are known: the process goes on counting when the thread has gone. */
  get lastObserved(): Observed {
    return this.#observed;
  }

  /**
   * Finishes what is in flight, or cuts it, and ends; after `limitMs` it is ended. Resolves when it has ended, and counts nothing
   * where it did not say.
   */
  async end(how: "drain" | "handOver" | "stop", limitMs: number): Promise<Ended> {
    this.#isWanted = false;
    const result = await within(this.peer.call(how), limitMs);
    await this.terminate();
    return result ?? { cut: 0 };
  }

  /** Ends it at once. */
  async terminate(): Promise<void> {
    this.#isWanted = false;
    await this.#worker.terminate();
    await this.#ended;
  }
}
