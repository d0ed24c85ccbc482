/** One attempt from its start until the last byte of its response. */
import { ProxyError } from "../../src/core/errors.ts";
import type { Attempt } from "../../src/core/exchange.ts";
import type { Progress } from "../../src/core/outcome.ts";
import type { Cancel, Clock } from "../../src/core/platform.ts";

const nothing: Cancel = () => {};

/**
 * Holds the AbortController of an attempt, everything that may pull it (the client, deadlines, limits) and what its outcome
 * is made of. Stays armed until it is settled.
 */
export class AttemptRun {
  readonly attempt: Attempt;
  readonly clock: Clock;
  readonly #abort: AbortController = new AbortController();
  readonly #startedAt: number;
  #stopListening: Cancel = nothing;
  #stopDeadline: Cancel = nothing;
  #stopFirstByte: Cancel = nothing;
  #headAt: number | undefined;
  #status: number | undefined;
  #reason: ProxyError | undefined;
  #settled = false;
  #onStop: ((reason: ProxyError) => void)[] | undefined;
  progress: Progress = "connecting";
  bytesSent = 0;
  bytesReceived = 0;

  constructor(attempt: Attempt, clock: Clock) {
    this.attempt = attempt;
    this.clock = clock;
    this.#startedAt = clock.now();
    const { endsAt } = attempt.exchange;
    if (endsAt !== Number.POSITIVE_INFINITY) {
      const late = (): void =>
        this.stop(new ProxyError("deadline-exceeded", { detail: "the total time is over (timeouts.total)" }));
      this.#stopDeadline = clock.after(Math.max(0, endsAt - this.#startedAt), late);
    }
    const stopListening = attempt.cancellation.subscribe((reason) => this.stop(reason));
    // One that has fired already fires at once.
    if (!this.#settled) this.#stopListening = stopListening;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Why it was stopped, if it was. */
  get reason(): ProxyError | undefined {
    return this.#reason;
  }

  /** Calls `listener` should the attempt be stopped. */
  whenStopped(listener: (reason: ProxyError) => void): void {
    (this.#onStop ??= []).push(listener);
  }

  /** The request is on its way: its response's head must come within `ms`; 0 is no limit. */
  expectHead(ms: number): void {
    if (ms === 0 || this.#headAt !== undefined || this.#settled) return;
    this.#stopFirstByte();
    const late = (): void =>
      this.stop(
        new ProxyError("attempt-timeout", {
          detail: `no response within ${ms} ms (timeouts.firstByte)`,
          progress: "sent",
        }),
      );
    this.#stopFirstByte = this.clock.after(ms, late);
  }

  /** The response's head is here. */
  answered(status: number): void {
    this.#stopFirstByte();
    this.#stopFirstByte = nothing;
    this.#headAt = this.clock.now();
    this.#status = status;
    this.progress = "head";
  }

  /** Aborts the upstream request and settles. Only the first reason counts. */
  stop(reason: ProxyError): void {
    if (this.#settled) return;
    this.#reason = reason;
    this.settle(reason);
    this.#abort.abort(reason);
    for (const listener of this.#onStop ?? []) listener(reason);
  }

  /** The attempt is over. Later calls change nothing. @param error why it failed; undefined where it did not */
  settle(error: ProxyError | undefined): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#stopFirstByte();
    this.#stopDeadline();
    this.#stopListening();
    this.attempt.settle({
      ending: error === undefined ? "complete" : "failed",
      progress: error?.progress ?? this.progress,
      status: this.#status,
      error,
      bytesSent: this.bytesSent,
      bytesReceived: this.bytesReceived,
      reused: false,
      times: {
        startedAt: this.#startedAt,
        connectedAt: undefined,
        headAt: this.#headAt,
        endedAt: this.clock.now(),
      },
    });
  }
}
