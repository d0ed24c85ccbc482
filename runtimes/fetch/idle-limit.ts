/** A limit on the pauses of a body. */
import type { Cancel, Clock } from "../../src/core/platform.ts";

/** Calls `exceeded` once nothing has been noted for `ms`. One timer runs however often it is put off. */
export class IdleLimit {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #exceeded: () => void;
  #endsAt = Number.POSITIVE_INFINITY;
  #stopTimer: Cancel | undefined;

  /** @param ms 0 is no limit. */
  constructor(clock: Clock, ms: number, exceeded: () => void) {
    this.#clock = clock;
    this.#ms = ms;
    this.#exceeded = exceeded;
  }

  /** A pause begins. */
  restart(): void {
    if (this.#ms === 0) return;
    this.#endsAt = this.#clock.now() + this.#ms;
    if (this.#stopTimer === undefined) this.#arm(this.#ms);
  }

  stop(): void {
    this.#endsAt = Number.POSITIVE_INFINITY;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  #arm(ms: number): void {
    this.#stopTimer = this.#clock.after(ms, () => {
      this.#stopTimer = undefined;
      const left = this.#endsAt - this.#clock.now();
      if (left <= 0) this.#exceeded();
      else if (left !== Number.POSITIVE_INFINITY) this.#arm(left);
    });
  }
}

/**
 * Whether the limit was set by somebody: a chosen one is the same for event streams and everything else, the defaults
 * differ.
 */
export const isIdleChosen = (timeouts: {
  readonly idleMs: number;
  readonly eventStreamIdleMs: number;
}): boolean => timeouts.idleMs > 0 && timeouts.idleMs === timeouts.eventStreamIdleMs;
