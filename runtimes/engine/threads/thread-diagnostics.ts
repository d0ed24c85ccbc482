/** Looking into a thread from the main thread, which has the admin listener. */
import type { Diagnostics, FindDiagnostics, LoopDelay } from "../../../src/core/diagnostics.ts";
import { ownDiagnostics } from "../diagnostics/diagnostics.ts";
import type { Peer } from "./peer.ts";

/** What a thread does of it. Measurements have numbers, by which they are ended early. */
export type DiagnosticMethods = {
  readonly profileCpu: (measurement: number, ms: number) => Promise<string>;
  readonly measureLoop: (measurement: number, ms: number) => Promise<LoopDelay>;
  /** Nobody waits for it any more. */
  readonly endMeasurement: (measurement: number) => void;
  /** The path of a file with the heap. */
  readonly writeHeap: () => Promise<string>;
  readonly activeResources: () => Promise<Readonly<Record<string, number>>>;
};

/** On the thread that is looked into. */
export const diagnosticMethods = (): DiagnosticMethods => {
  const own = ownDiagnostics();
  const underWay = new Map<number, AbortController>();
  const measured = async <Result>(
    measurement: number,
    work: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> => {
    const controller = new AbortController();
    underWay.set(measurement, controller);
    try {
      return await work(controller.signal);
    } finally {
      underWay.delete(measurement);
    }
  };
  return {
    profileCpu: (measurement, ms) => measured(measurement, (signal) => own.cpuProfile(ms, signal)),
    measureLoop: (measurement, ms) => measured(measurement, (signal) => own.loopDelay(ms, signal)),
    endMeasurement: (measurement) =>
      underWay.get(measurement)?.abort(new Error("nobody waits for it any more")),
    writeHeap: () => own.writeHeap(),
    activeResources: () => own.activeResources(),
  };
};

interface Inspectable {
  readonly diagnostics: Diagnostics;
}

/** Those of the process: `main` are those of the main thread, which is number 0. */
export const diagnosticsByThread =
  (
    main: FindDiagnostics | undefined,
    pool: {
      readonly running: readonly Inspectable[];
      /** Those with the numbers from 1 on. */
      readonly places: readonly { readonly thread: Inspectable | undefined }[];
    },
  ): FindDiagnostics =>
  (number) => {
    if (number === 0) return main?.(0);
    const thread = number === undefined ? pool.running[0] : pool.places[number - 1]?.thread;
    return thread?.diagnostics;
  };

/** Looks into the thread at the other end of a peer. */
export class RemoteDiagnostics implements Diagnostics {
  readonly #peer: Peer<DiagnosticMethods>;
  #measurements = 0;

  constructor(peer: Peer<DiagnosticMethods>) {
    this.#peer = peer;
  }

  cpuProfile(ms: number, signal: AbortSignal): Promise<string> {
    return this.#measured(signal, (measurement) => this.#peer.call("profileCpu", measurement, ms));
  }

  loopDelay(ms: number, signal: AbortSignal): Promise<LoopDelay> {
    return this.#measured(signal, (measurement) => this.#peer.call("measureLoop", measurement, ms));
  }

  async heapSnapshot(): ReturnType<Diagnostics["heapSnapshot"]> {
    const { readHeap } = await import("../diagnostics/heap-snapshot.ts");
    return readHeap(await this.#peer.call("writeHeap"));
  }

  activeResources(): ReturnType<Diagnostics["activeResources"]> {
    return this.#peer.call("activeResources");
  }

  async #measured<Result>(
    signal: AbortSignal,
    begin: (measurement: number) => Promise<Result>,
  ): Promise<Result> {
    signal.throwIfAborted();
    const measurement = (this.#measurements += 1);
    const end = (): void => this.#peer.tell("endMeasurement", measurement);
    signal.addEventListener("abort", end, { once: true });
    try {
      return await begin(measurement);
    } finally {
      signal.removeEventListener("abort", end);
    }
  }
}
