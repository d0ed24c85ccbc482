/** A limit on the time between two pieces of a body. */

/**
 * One timer for the whole body, however many pieces it has: a piece only notes when it came, and the timer looks at that when
 * it runs out.
 */
export class IdleTimer {
  readonly #limitMs: number;
  readonly #expired: () => void;
  #touchedAt: number;
  #timer: NodeJS.Timeout;

  /** Starts at once. `expired` is called once for each time that the limit passed; `touch` starts it anew. */
  constructor(limitMs: number, expired: () => void) {
    this.#limitMs = limitMs;
    this.#expired = expired;
    this.#touchedAt = performance.now();
    this.#timer = setTimeout(this.#look, limitMs);
  }

  touch(): void {
    this.#touchedAt = performance.now();
  }

  /** Waits for the whole limit again. */
  restart(): void {
    this.touch();
    this.#timer = setTimeout(this.#look, this.#limitMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  readonly #look = (): void => {
    const left = this.#touchedAt + this.#limitMs - performance.now();
    if (left > 1) this.#timer = setTimeout(this.#look, left);
    else this.#expired();
  };
}
