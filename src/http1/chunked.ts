/** Chunked content (RFC 9112 §7.1). */
import { type Refusal, type Refuse } from "./refusal.ts";
import type { BodyDecoder } from "./body-decoder.ts";

const EMPTY: Uint8Array = new Uint8Array(0);
const NONE: readonly string[] = Object.freeze([]);

/** Decodes chunks; those of one read leave as one piece. */
export class ChunkedDecoder implements BodyDecoder {
  readonly #refuse: Refuse;
  readonly #trailerBytes: number;
  data: Uint8Array = EMPTY;
  done = false;
  refusal: Refusal | undefined = undefined;
  trailers: readonly string[] = NONE;

  constructor(refuse: Refuse, trailerBytes: number) {
    this.#refuse = refuse;
    this.#trailerBytes = trailerBytes;
  }

  push(bytes: Uint8Array, _from: number): number {
    void this.#trailerBytes;
    this.data = EMPTY;
    return bytes.length;
  }

  end(): Refusal | undefined {
    if (this.done) return this.refusal;
    this.refusal ??= this.#refuse("bad-request", "connection ended inside chunked content (RFC 9112 §8)");
    return this.refusal;
  }
}
