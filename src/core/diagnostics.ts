/** The port for looking into the process that the proxy runs in: profiles, heap, event loop, what it waits for. */

/**
 * Looks into the thread of that number: 0 is the one that starts the others, or the only one; undefined the first that answers
 * requests. Gives undefined where there is no such thread.
 */
export type FindDiagnostics = (thread: number | undefined) => Diagnostics | undefined;

/** Looks into one thread. One measurement at a time; another one meanwhile is a `DiagnosticsError` "busy". */
export interface Diagnostics {
  /**
   * A CPU profile of the next `ms` milliseconds, as the text of a `.cpuprofile` file (Chrome's DevTools open it). Rejects, and
   * profiles no further, when `signal` aborts.
   */
  cpuProfile(ms: number, signal: AbortSignal): Promise<string>;
  /** The heap as the content of a `.heapsnapshot` file. Nothing else runs on the thread while it is taken. */
  heapSnapshot(): Promise<HeapSnapshot>;
  /** How late timers fire in the next `ms` milliseconds. Rejects when `signal` aborts. */
  loopDelay(ms: number, signal: AbortSignal): Promise<LoopDelay>;
  /** What keeps the event loop alive now: how many sockets, servers, timers, by the runtime's names for them. */
  activeResources(): Promise<Readonly<Record<string, number>>>;
}

/** A snapshot that was taken. It MUST be read to its end or cancelled: it takes room on the disk until then. */
export interface HeapSnapshot {
  readonly bytes: number;
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** Delays in milliseconds. */
export interface LoopDelay {
  /** Time that was measured. */
  readonly seconds: number;
  /** How often a timer was due; a delay lasts as long as what blocked the loop, and counts once. */
  readonly samples: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
  /** How many delays were at most `upTo`, and more than the bound before; the last one has none. */
  readonly buckets: readonly { readonly upTo: number | undefined; readonly samples: number }[];
  /** CPU time of the whole process meanwhile, as a share of one core. */
  readonly cpu: number;
}

/** Why there is no answer. */
export type DiagnosticsFailure =
  /** Another one is under way. */
  | "busy"
  /** This build of the runtime lacks it. */
  | "unsupported"
  /** It was begun and went wrong. */
  | "failed";

/** What `Diagnostics` rejects with, besides the reason of an aborted signal. The message is for operators. */
export class DiagnosticsError extends Error {
  override readonly name = "DiagnosticsError";
  readonly failure: DiagnosticsFailure;

  constructor(failure: DiagnosticsFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}
