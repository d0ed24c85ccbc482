/** Pieces of content that wait to be written together. */
import { Buffer } from "node:buffer";

/** Smaller pieces are copied together: each would keep a buffer of its own alive, and cost a part of a write. */
const SMALL_BYTES = 2 * 1024;
const TAIL_BYTES = 16 * 1024;

/** Memory and cost go by bytes, however small the pieces are. */
export class PieceStack {
  #pieces: Uint8Array[] = [];
  /** Small pieces, copied one behind the other. */
  #tail: Buffer | undefined;
  #tailLength = 0;
  bytes = 0;

  push(piece: Uint8Array): void {
    this.bytes += piece.length;
    if (piece.length >= SMALL_BYTES || (this.#tail === undefined && this.#pieces.length === 0)) {
      this.#closeTail();
      this.#pieces.push(piece);
      return;
    }
    if (this.#tail === undefined || this.#tailLength + piece.length > this.#tail.length) {
      this.#closeTail();
      this.#tail = Buffer.allocUnsafeSlow(TAIL_BYTES);
    }
    this.#tail.set(piece, this.#tailLength);
    this.#tailLength += piece.length;
  }

  /** All of them, which leaves none. */
  take(): Uint8Array[] {
    this.#closeTail();
    const pieces = this.#pieces;
    this.#pieces = [];
    this.bytes = 0;
    return pieces;
  }

  /** All of them as one, between two texts of one byte a character. */
  join(before: string, after: string): Uint8Array {
    const size = before.length + this.bytes + after.length;
    const pieces = this.take();
    const [only] = pieces;
    if (pieces.length === 1 && only !== undefined && only.length === size) return only;
    const joined = Buffer.allocUnsafe(size);
    let at = joined.write(before, "latin1");
    for (const piece of pieces) {
      joined.set(piece, at);
      at += piece.length;
    }
    joined.write(after, at, "latin1");
    return joined;
  }

  #closeTail(): void {
    if (this.#tail === undefined || this.#tailLength === 0) return;
    this.#pieces.push(this.#tail.subarray(0, this.#tailLength));
    // What is left of it serves the next small pieces.
    const rest = this.#tail.subarray(this.#tailLength);
    this.#tail = rest.length >= SMALL_BYTES ? rest : undefined;
    this.#tailLength = 0;
  }
}
