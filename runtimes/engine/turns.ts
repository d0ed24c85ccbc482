/** A connection's share of the event loop. */
import { setTimeout } from "node:timers";

/**
 * Keeps a connection that always has something to read from making the others wait.
 *
 * A turn ends with a timer, not with `setImmediate`: Deno's loop looks for what other connections have to read when it has
 * nothing else to do, or every 61st time.
 */
export class Turns {
  readonly #bytes: number;
  readonly #next: () => void;
  #left: number;
  /** Nothing is to be read until the next turn. */
  isOver = false;

  /**
   * @param bytes read in a row
   * @param next called when a turn begins after one that was over
   */
  constructor(bytes: number, next: () => void) {
    this.#bytes = bytes;
    this.#left = bytes;
    this.#next = next;
  }

  took(bytes: number): void {
    this.#left -= bytes;
    if (this.#left > 0 || this.isOver) return;
    this.isOver = true;
    setTimeout(this.#begin, 0);
  }

  readonly #begin = (): void => {
    this.isOver = false;
    this.#left = this.#bytes;
    this.#next();
  };
}
