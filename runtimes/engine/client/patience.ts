/** Who is waited for in an attempt, and until when. */
import type { AttemptTimeouts } from "../../../src/core/endpoint.ts";
import type { ErrorCode } from "../../../src/core/errors.ts";
import { limitFrom } from "../deadlines.ts";
import type { Upload } from "./upload.ts";

/** How long an upstream that was asked for `100 Continue` may be silent before it gets the content anyway. */
const CONTINUE_MS = 1_000;

const NO_RESPONSE = "it sent no response";

/** What fails if nothing happens until then. */
interface Wait {
  readonly until: number;
  readonly code: ErrorCode;
  readonly what: string;
}

/**
 * Notes when something happened; which limit that means is found out only when the shortest one has passed. All times are
 * the clock's milliseconds.
 */
export class Patience {
  readonly #timeouts: AttemptTimeouts;
  readonly #endsAt: number;
  /** When something may be over, or before. */
  deadline: number;
  /** The request's content, while it is on its way. */
  upload: Upload | undefined;
  /** The response may be quiet for long. */
  isEventStream = false;
  #isBounded = true;
  #continueAt = Infinity;
  /** The request was sent, or an interim response came. */
  #headSince: number | undefined;
  /** The last piece of the response came, or was asked for. */
  #contentSince: number | undefined;
  /** The response's reader asked for a pause. */
  #readerSince: number | undefined;

  constructor(timeouts: AttemptTimeouts, endsAt: number) {
    this.#timeouts = timeouts;
    this.#endsAt = endsAt;
    this.deadline = endsAt;
  }

  get awaitsReader(): boolean {
    return this.#readerSince !== undefined;
  }

  get awaitsHead(): boolean {
    return this.#headSince !== undefined;
  }

  awaitContinue(now: number): void {
    this.#continueAt = now + CONTINUE_MS;
    this.deadline = Math.min(this.deadline, this.#continueAt);
  }

  awaitHead(now: number): void {
    this.#headSince = now;
    this.#checkAfter(now);
  }

  /** The response's next piece is waited for. */
  awaitContent(now: number): void {
    this.#continueAt = Infinity;
    this.#headSince = undefined;
    this.#readerSince = undefined;
    this.#contentSince = now;
    this.#checkAfter(now);
  }

  /** A piece came. */
  received(now: number): void {
    if (this.#contentSince !== undefined) this.#contentSince = now;
  }

  /** Nothing is awaited of the upstream, but that its reader takes what was read. */
  awaitReader(now: number): void {
    this.#contentSince = undefined;
    this.#readerSince ??= now;
    this.#checkAfter(now);
  }

  /** The response is over: an upload that goes on is bound by its own pauses only. */
  answered(): void {
    this.#isBounded = false;
    this.#continueAt = Infinity;
    this.#headSince = this.#contentSince = this.#readerSince = undefined;
  }

  /** Nothing is sent or received before another connection is there. */
  startOver(): void {
    this.#headSince = undefined;
  }

  /** Whether an answer to `Expect` is overdue. True once. */
  isContinueDue(now: number): boolean {
    if (this.#continueAt > now) return false;
    this.#continueAt = Infinity;
    return true;
  }

  /** Moves `deadline` on. Returns the wait that has ended, if one has. */
  overdue(now: number): Wait | undefined {
    const first = this.#first();
    this.deadline = Math.min(first.until, this.#continueAt);
    return first.until <= now ? first : undefined;
  }

  #first(): Wait {
    const { firstByteMs, idleMs: ordinaryMs, eventStreamIdleMs } = this.#timeouts;
    const idleMs = this.isEventStream ? eventStreamIdleMs : ordinaryMs;
    let first: Wait = {
      until: this.#isBounded ? this.#endsAt : Infinity,
      code: "deadline-exceeded",
      what: "the total time is over (timeouts.total)",
    };
    const consider = (since: number | undefined, ms: number, code: ErrorCode, what: string): void => {
      if (since === undefined) return;
      const until = limitFrom(since, ms);
      const setting = what === NO_RESPONSE ? "firstByte" : "idle";
      if (until < first.until) first = { until, code, what: `${what} for ${ms} ms (timeouts.${setting})` };
    };
    const { upload } = this;
    if (upload !== undefined && !upload.isOver && !upload.isHeld) {
      if (upload.waitsForClient) {
        consider(upload.activeAt, idleMs, "request-timeout", "the client sent nothing of its content");
      } else {
        consider(upload.activeAt, idleMs, "attempt-timeout", "it read nothing of the request");
      }
    }
    if (upload === undefined || upload.isComplete) {
      consider(this.#headSince, firstByteMs, "attempt-timeout", NO_RESPONSE);
    }
    consider(this.#contentSince, idleMs, "attempt-timeout", "it sent nothing of its response");
    consider(this.#readerSince, idleMs, "client-closed", "the client read nothing of the response");
    return first;
  }

  /** Which of the limits applies is looked at when the shortest has passed. */
  #checkAfter(now: number): void {
    const { firstByteMs, idleMs, eventStreamIdleMs } = this.#timeouts;
    const next = Math.min(
      limitFrom(now, firstByteMs),
      limitFrom(now, idleMs),
      limitFrom(now, eventStreamIdleMs),
    );
    if (next < this.deadline) this.deadline = next;
  }
}
