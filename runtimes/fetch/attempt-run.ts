/** One attempt from its start until the last byte of its response. */
import type { ProxyError } from "../../src/core/errors.ts";
import type { Attempt } from "../../src/core/exchange.ts";
import type { Cancel, Clock } from "../../src/core/platform.ts";

const nothing: Cancel = () => {};

/**
 * Holds the one AbortController of an attempt and everything that may pull it: the client, deadlines, limits.
 * It stays armed until `finish`.
 */
export class AttemptRun {
  readonly #abort: AbortController = new AbortController();
  readonly #clock: Clock;
  #reason: ProxyError | undefined;
  #stopTimer: Cancel = nothing;
  #stopListening: Cancel = nothing;
  #answered = false;
  #onStop: ((reason: ProxyError) => void) | undefined;

  constructor(attempt: Attempt, clock: Clock) {
    this.#clock = clock;
    this.#stopListening = attempt.cancellation.subscribe((reason) => this.stop(reason));
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Why it was stopped, if it was. */
  get reason(): ProxyError | undefined {
    return this.#reason;
  }

  /** Aborts the upstream request. Only the first reason counts. */
  stop(reason: ProxyError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.finish();
    this.#abort.abort(reason);
    this.#onStop?.(reason);
  }

  /** Calls `listener` when it is stopped, in the place of one given before. */
  whenStopped(listener: (reason: ProxyError) => void): void {
    this.#onStop = listener;
  }

  /**
   * Stops with `reason` after `ms` unless something else is expected first. 0 is no limit. An upload may end later than
   * the answer to it begins: nothing is expected any more then.
   */
  expect(ms: number, reason: () => ProxyError): void {
    this.#stopTimer();
    const isIdle = ms === 0 || this.#answered || this.#reason !== undefined;
    this.#stopTimer = isIdle ? nothing : this.#clock.after(ms, () => this.stop(reason()));
  }

  /** The head of the response is here. */
  answered(): void {
    this.#answered = true;
    this.#stopTimer();
    this.#stopTimer = nothing;
  }

  /** Nothing may stop it any more. */
  finish(): void {
    this.answered();
    this.#stopListening();
    this.#stopListening = nothing;
  }
}
