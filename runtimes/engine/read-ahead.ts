/** Bytes that were read before anything wants them. */
import { Buffer } from "node:buffer";

const SMALLEST = 4096;

/**
 * One growing buffer, however many pieces come: what is kept costs memory by bytes, not by pieces. A first piece is kept
 * as it is.
 */
export class ReadAhead {
  #buffer: Buffer | undefined;
  #length = 0;
  /** Whether `#buffer` is a copy with room behind its bytes. */
  #own = false;

  get bytes(): number {
    return this.#length;
  }

  push(piece: Buffer): void {
    if (piece.length === 0) return;
    const before = this.#buffer;
    if (before === undefined) {
      this.#buffer = piece;
      this.#length = piece.length;
      this.#own = false;
      return;
    }
    const length = this.#length + piece.length;
    if (!this.#own || before.length < length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(SMALLEST, length * 2));
      before.copy(grown, 0, 0, this.#length);
      this.#buffer = grown;
      this.#own = true;
    }
    piece.copy(this.#buffer as Buffer, this.#length);
    this.#length = length;
  }

  /** Hands out all bytes, and holds none then. */
  take(): Buffer | undefined {
    const bytes = this.#buffer?.subarray(0, this.#length);
    this.#buffer = undefined;
    this.#length = 0;
    return bytes;
  }
}
