/** One attempt from its start until the last byte of its response. */
import { ProxyError } from "../../src/core/errors.ts";
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

  constructor(attempt: Attempt, clock: Clock) {
    this.#clock = clock;
    this.#stopListening = attempt.cancellation.subscribe((reason) => this.stop(reason));
    if (this.#reason !== undefined) this.#stopListening();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Why it was stopped, if it was. */
  get reason(): ProxyError | undefined {
    return this.#reason;
  }

  /** Throws the reason once stopped. */
  check(): void {
    const reason = this.#reason;
    if (reason instanceof ProxyError) throw reason;
  }

  /** Aborts the upstream request. Only the first reason counts. */
  stop(reason: ProxyError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.finish();
    this.#abort.abort(reason);
  }

  /** Stops with `reason` after `ms` unless the head arrives first. 0 is no limit. */
  expectHead(ms: number, reason: () => ProxyError): void {
    if (ms === 0 || this.#reason !== undefined) return;
    this.#stopTimer();
    this.#stopTimer = this.#clock.after(ms, () => this.stop(reason()));
  }

  headArrived(): void {
    this.#stopTimer();
    this.#stopTimer = nothing;
  }

  /** Nothing may stop it any more. */
  finish(): void {
    this.headArrived();
    this.#stopListening();
    this.#stopListening = nothing;
  }
}
