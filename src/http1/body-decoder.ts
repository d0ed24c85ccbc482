/** Decoders for a message's content, one for each way of knowing where it ends. */
import type { BodyLength } from "./body-length.ts";
import { ChunkedDecoder } from "./chunked.ts";
import type { Refusal, Refuse } from "./refusal.ts";
import type { TrailerLimits } from "./trailers.ts";

const EMPTY: Uint8Array = new Uint8Array(0);
const NONE: readonly string[] = Object.freeze([]);

/** Takes the bytes of a connection, and gives those of the content. */
export interface BodyDecoder {
  /**
   * Takes bytes from index `from` on, and returns the index after the last that was taken: what follows
   * belongs to the next message. Sets the other members. Must not be called again once `done` or refused.
   */
  push(bytes: Uint8Array, from: number): number;
  /**
   * Content of the last `push`: a view into its bytes (moved together in place if it came in several
   * chunks).
   */
  readonly data: Uint8Array;
  /** The content is complete. */
  readonly done: boolean;
  /** Why it is read no further. */
  readonly refusal: Refusal | undefined;
  /** Name, value, …: trailer fields that may be passed on; complete when `done`. */
  readonly trailers: readonly string[];
  /** The connection ended: sets `done` if that ends the content too, else returns and sets `refusal`. */
  end(): Refusal | undefined;
}

class SizedDecoder implements BodyDecoder {
  readonly #refuse: Refuse;
  #left: number;
  data: Uint8Array = EMPTY;
  done: boolean;
  refusal: Refusal | undefined = undefined;
  readonly trailers: readonly string[] = NONE;

  constructor(length: number, refuse: Refuse) {
    this.#left = length;
    this.#refuse = refuse;
    this.done = length === 0;
  }

  push(bytes: Uint8Array, from: number): number {
    const taken = Math.min(this.#left, bytes.length - from);
    this.#left -= taken;
    this.done = this.#left === 0;
    this.data = from === 0 && taken === bytes.length ? bytes : bytes.subarray(from, from + taken);
    return from + taken;
  }

  end(): Refusal | undefined {
    if (this.done) return undefined;
    this.refusal = this.#refuse("bad-request", "connection ended before Content-Length bytes (RFC 9112 §8)");
    return this.refusal;
  }
}

class CloseDecoder implements BodyDecoder {
  data: Uint8Array = EMPTY;
  done = false;
  readonly refusal: Refusal | undefined = undefined;
  readonly trailers: readonly string[] = NONE;

  push(bytes: Uint8Array, from: number): number {
    this.data = from === 0 ? bytes : bytes.subarray(from);
    return bytes.length;
  }

  end(): undefined {
    this.data = EMPTY;
    this.done = true;
  }
}

/** A decoder for content that ends as `length` says; `refusing` is `refuse` or `refuseResponse`. */
export const bodyDecoder = (length: BodyLength, refusing: Refuse, limits: TrailerLimits): BodyDecoder => {
  if (length === "chunked") return new ChunkedDecoder(refusing, limits);
  if (length === "close") return new CloseDecoder();
  return new SizedDecoder(length === "none" ? 0 : length, refusing);
};
