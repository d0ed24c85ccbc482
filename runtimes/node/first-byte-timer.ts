/** A limit on the time that an upstream takes to begin its response once it has the whole request. */
import { ProxyError } from "../../src/core/errors.ts";
import type { Attempt } from "../../src/core/exchange.ts";

export class FirstByteTimer {
  readonly #attempt: Attempt;
  readonly #expired: (error: ProxyError) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(attempt: Attempt, expired: (error: ProxyError) => void) {
    this.#attempt = attempt;
    this.#expired = expired;
  }

  start(): void {
    const { endpoint, timeouts } = this.#attempt;
    const { firstByteMs } = timeouts;
    if (firstByteMs === 0) return;
    const detail = `no response from ${endpoint.socketPath ?? endpoint.authority} for ${firstByteMs} ms`;
    this.#timer = setTimeout(() => this.#expired(new ProxyError("attempt-timeout", { detail })), firstByteMs);
  }

  /** The whole time again, if it runs. */
  restart(): void {
    this.#timer?.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
