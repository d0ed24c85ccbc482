/** Who is waited for in an attempt, and until when. */
import type { AttemptTimeouts } from "../../../src/core/endpoint.ts";
import type { ErrorCode } from "../../../src/core/errors.ts";
import { limitFrom } from "../deadlines.ts";

/** In the clock's milliseconds; undefined is what does not apply at present. */
export interface AttemptClock {
  readonly timeouts: AttemptTimeouts;
  readonly endsAt: number;
  readonly isEventStream: boolean;
  /** The request's content: when one side last did something, and whether it is the client's turn. */
  readonly upload: { readonly activeAt: number; readonly waitsForClient: boolean } | undefined;
  /** The request was sent, or an interim response came. */
  readonly headAwaitedSince: number | undefined;
  /** The last piece of the response came, or was asked for. */
  readonly contentAwaitedSince: number | undefined;
  /** The client's side stopped taking the response. */
  readonly readerAwaitedSince: number | undefined;
}

/** What fails if nothing happens until then. */
export interface Wait {
  readonly until: number;
  readonly code: ErrorCode;
  readonly what: string;
}

const NO_RESPONSE = "it sent no response";

/** The wait that ends first. */
export const firstWait = (clock: AttemptClock): Wait => {
  const { timeouts, upload } = clock;
  const idleMs = clock.isEventStream ? timeouts.eventStreamIdleMs : timeouts.idleMs;
  let first: Wait = {
    until: clock.endsAt,
    code: "deadline-exceeded",
    what: "the total time is over (timeouts.total)",
  };
  const consider = (since: number | undefined, ms: number, code: ErrorCode, what: string): void => {
    if (since === undefined) return;
    const until = limitFrom(since, ms);
    const setting = what === NO_RESPONSE ? "firstByte" : "idle";
    if (until < first.until) first = { until, code, what: `${what} for ${ms} ms (timeouts.${setting})` };
  };
  if (upload?.waitsForClient === true) {
    consider(upload.activeAt, idleMs, "request-timeout", "the client sent nothing of its content");
  } else {
    consider(upload?.activeAt, idleMs, "attempt-timeout", "it read nothing of the request");
  }
  consider(clock.headAwaitedSince, timeouts.firstByteMs, "attempt-timeout", NO_RESPONSE);
  consider(clock.contentAwaitedSince, idleMs, "attempt-timeout", "it sent nothing of its response");
  consider(clock.readerAwaitedSince, idleMs, "client-closed", "the client read nothing of the response");
  return first;
};
