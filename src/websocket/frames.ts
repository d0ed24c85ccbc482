/** Where the frames of a WebSocket end (RFC 6455 §5.2). Payloads are skipped, not looked at. */

const CLOSE = 8;
const CONTROL_CODE_BYTES = 2;
const OPCODE = 0x0f;
const MASKED = 0x80;
const LENGTH = 0x7f;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const MASK_BYTES = 4;

/** What the next byte is. */
const START = 0;
const SHORT_LENGTH = 1;
const LONG_LENGTH = 2;
const PAYLOAD = 3;

/** Follows one direction, in pieces of any size. */
export class FrameTracker {
  #stage = START;
  /** Bytes of a long length that are still to come. */
  #lengthBytes = 0;
  /** Bytes of mask and payload that are still to come. */
  #left = 0;
  #maskBytes = 0;
  /** A Close frame has begun: no frame follows it. */
  hasClosed = false;

  /** Whether another frame may be put in here. */
  get isBetweenFrames(): boolean {
    return this.#stage === START;
  }

  /** Follows all of `bytes`. */
  pass(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#stage === START) at = this.#passShort(bytes, at);
      if (at < bytes.length) at = this.passFrame(bytes, at);
    }
  }

  /** Follows `bytes` from `at` up to the end of a frame at most; returns the index behind. */
  passFrame(bytes: Uint8Array, at: number): number {
    while (at < bytes.length) {
      at = this.#step(bytes, at);
      if (this.#stage === START) return at;
    }
    return at;
  }

  /** Skips whole frames with a short length: 64 KiB hold more than 9,000 of them. */
  #passShort(bytes: Uint8Array, at: number): number {
    const size = bytes.length;
    while (at + 1 < size) {
      const second = bytes[at + 1] as number;
      const length = second & LENGTH;
      if (length >= LENGTH_16) break;
      const end = at + 2 + length + ((second & MASKED) === 0 ? 0 : MASK_BYTES);
      if (end > size) break;
      if (((bytes[at] as number) & OPCODE) === CLOSE) this.hasClosed = true;
      at = end;
    }
    return at;
  }

  #step(bytes: Uint8Array, at: number): number {
    if (this.#stage === PAYLOAD) {
      const taken = Math.min(this.#left, bytes.length - at);
      this.#skipped(taken);
      return at + taken;
    }
    const byte = bytes[at] as number;
    if (this.#stage === START) {
      if ((byte & OPCODE) === CLOSE) this.hasClosed = true;
      this.#stage = SHORT_LENGTH;
    } else if (this.#stage === SHORT_LENGTH) this.#begin(byte);
    else {
      this.#left = this.#left * 256 + byte;
      if (--this.#lengthBytes === 0) this.#skipHeader();
    }
    return at + 1;
  }

  #begin(byte: number): void {
    const length = byte & LENGTH;
    this.#maskBytes = (byte & MASKED) === 0 ? 0 : MASK_BYTES;
    this.#stage = LONG_LENGTH;
    this.#left = 0;
    if (length === LENGTH_16) this.#lengthBytes = 2;
    else if (length === LENGTH_64) this.#lengthBytes = 8;
    else {
      this.#left = length;
      this.#skipHeader();
    }
  }

  #skipHeader(): void {
    this.#left += this.#maskBytes;
    this.#stage = PAYLOAD;
    this.#skipped(0);
  }

  #skipped(bytes: number): void {
    this.#left -= bytes;
    if (this.#left === 0) this.#stage = START;
  }
}

/** A Close frame. Those of clients are masked (RFC 6455 §5.3); a mask of zeros leaves the payload as it is. */
export const closeFrame = (code: number, isMasked: boolean): Uint8Array => {
  const payload = [code >> 8, code & 0xff];
  const header = [0x80 | CLOSE, CONTROL_CODE_BYTES | (isMasked ? MASKED : 0)];
  return Uint8Array.from(isMasked ? [...header, 0, 0, 0, 0, ...payload] : [...header, ...payload]);
};
