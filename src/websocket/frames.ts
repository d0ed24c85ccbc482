/** Where the frames of a WebSocket end (RFC 6455 §5.2). Payloads are skipped, not looked at. */

const CLOSE = 8;
const CONTROL_CODE_BYTES = 2;
const MASKED = 0x80;
const LENGTH = 0x7f;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const MASK_BYTES = 4;

/** Follows one direction, in pieces of any size. */
export class FrameTracker {
  #stage: "start" | "length" | "long length" | "payload" = "start";
  /** Bytes of a long length that are still to come. */
  #lengthBytes = 0;
  /** Bytes of mask and payload that are still to come. */
  #left = 0;
  #maskBytes = 0;
  /** A Close frame has begun: no frame follows it. */
  hasClosed = false;

  /** Whether another frame may be put in here. */
  get isBetweenFrames(): boolean {
    return this.#stage === "start";
  }

  /** Follows all of `bytes`. */
  pass(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) at = this.passFrame(bytes, at);
  }

  /** Follows `bytes` from `at` up to the end of a frame at most; returns the index behind. */
  passFrame(bytes: Uint8Array, at: number): number {
    while (at < bytes.length) {
      at = this.#step(bytes, at);
      if (this.#stage === "start") return at;
    }
    return at;
  }

  #step(bytes: Uint8Array, at: number): number {
    if (this.#stage === "payload") {
      const taken = Math.min(this.#left, bytes.length - at);
      this.#skipped(taken);
      return at + taken;
    }
    const byte = bytes[at] as number;
    if (this.#stage === "start") {
      if ((byte & 0x0f) === CLOSE) this.hasClosed = true;
      this.#stage = "length";
    } else if (this.#stage === "length") this.#begin(byte);
    else {
      this.#left = this.#left * 256 + byte;
      if (--this.#lengthBytes === 0) this.#skipHeader();
    }
    return at + 1;
  }

  #begin(byte: number): void {
    const length = byte & LENGTH;
    this.#maskBytes = (byte & MASKED) === 0 ? 0 : MASK_BYTES;
    this.#stage = "long length";
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
    this.#stage = "payload";
    this.#skipped(0);
  }

  #skipped(bytes: number): void {
    this.#left -= bytes;
    if (this.#left === 0) this.#stage = "start";
  }
}

/** A Close frame. Those of clients are masked (RFC 6455 §5.3); a mask of zeros leaves the payload as it is. */
export const closeFrame = (code: number, isMasked: boolean): Uint8Array => {
  const payload = [code >> 8, code & 0xff];
  const header = [0x80 | CLOSE, CONTROL_CODE_BYTES | (isMasked ? MASKED : 0)];
  return Uint8Array.from(isMasked ? [...header, 0, 0, 0, 0, ...payload] : [...header, ...payload]);
};
