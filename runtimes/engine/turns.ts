/** A connection's share of the event loop. */
import { setImmediate } from "node:timers";

/** Read in a row; then it is the turn of other connections, whatever there is still to read. */
export const TURN_BYTES: number = 64 * 1024;

/** So that a connection that always has something to read does not keep the others waiting. */
export class Turns {
  readonly #next: () => void;
  #left = TURN_BYTES;
  /** Nothing is to be read until the next turn. */
  isOver = false;

  /** @param next called when a turn begins after one that was over */
  constructor(next: () => void) {
    this.#next = next;
  }

  took(bytes: number): void {
    this.#left -= bytes;
    if (this.#left > 0 || this.isOver) return;
    this.isOver = true;
    setImmediate(() => {
      this.isOver = false;
      this.#left = TURN_BYTES;
      this.#next();
    });
  }
}
