/** Lines that wait to be written, as bytes. */
import { Buffer } from "node:buffer";

const LEAST_BYTES = 64 * 1024;
/** A buffer that has grown beyond this is let go once it is written. */
const MOST_KEPT_BYTES = 512 * 1024;
/** UTF-8 needs at most this for a UTF-16 code unit. */
const BYTES_PER_UNIT = 3;
const LINE_BREAK = 10;

/** Filled, written and filled again, so that lines leave neither strings nor buffers behind. */
export class LineBuffer {
  #buffer = Buffer.allocUnsafeSlow(0);
  #used = 0;
  #lines = 0;

  get lines(): number {
    return this.#lines;
  }

  get byteLength(): number {
    return this.#used;
  }

  /** What was added, until the buffer is cleared. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#used);
  }

  /** @param line without a line break. */
  add(line: string): void {
    const most = this.#used + line.length * BYTES_PER_UNIT + 1;
    if (most > this.#buffer.byteLength) this.#grow(most);
    this.#used += this.#buffer.write(line, this.#used);
    this.#buffer[this.#used] = LINE_BREAK;
    this.#used += 1;
    this.#lines += 1;
  }

  clear(): void {
    if (this.#buffer.byteLength > MOST_KEPT_BYTES) this.#buffer = Buffer.allocUnsafeSlow(0);
    this.#used = 0;
    this.#lines = 0;
  }

  #grow(least: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(LEAST_BYTES, 2 * this.#buffer.byteLength, least));
    this.#buffer.copy(grown, 0, 0, this.#used);
    this.#buffer = grown;
  }
}
