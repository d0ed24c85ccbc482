/** What became of an attempt or of a whole exchange, settled exactly once, when its body has ended or failed. */
import type { ProxyError } from "./errors.ts";

/**
 * How far it got. `connecting`: nothing was sent. `sent`: some of the request may have been read. `head`: the response's head
 * arrived. `done`: its body is complete.
 */
export type Progress = "connecting" | "sent" | "head" | "done";

/** How it ended. A discarded attempt gave way to a retry, a superseded one to a faster copy. */
export type Ending = "complete" | "failed" | "discarded" | "superseded";

/** Monotonic milliseconds of the platform's clock; undefined where that phase was not reached. */
export interface PhaseTimes {
  readonly startedAt: number;
  readonly connectedAt: number | undefined;
  /** The response's head was complete. */
  readonly headAt: number | undefined;
  readonly endedAt: number;
}

/** Of one attempt at one endpoint. */
export interface Outcome {
  readonly ending: Ending;
  readonly progress: Progress;
  /** Of the response's head, where one came. */
  readonly status: number | undefined;
  /** HTTP version of that head, such as "1.1"; left out where the transport does not know it. */
  readonly version?: string | undefined;
  /** Why it failed; undefined where `ending` is "complete". */
  readonly error: ProxyError | undefined;
  /** Content bytes of the request. */
  readonly bytesSent: number;
  /** Content bytes of the response. */
  readonly bytesReceived: number;
  /** Whether the connection had carried a request before. */
  readonly reused: boolean;
  readonly times: PhaseTimes;
}

/** How an attempt ended that failed with `error`. */
export const endingOf = (error: ProxyError | undefined): Ending => {
  if (error === undefined) return "complete";
  return error.code === "discarded" || error.code === "superseded" ? error.code : "failed";
};
