/** Chunked content (RFC 9112 §7.1). */
import type { BodyDecoder } from "./body-decoder.ts";
import { controlRule } from "./characters.ts";
import { ChunkLine, hexValue } from "./chunk-line.ts";
import type { Refusal, Refuse } from "./refusal.ts";
import { type TrailerLimits, TrailerSection } from "./trailers.ts";

const EMPTY: Uint8Array = new Uint8Array(0);
const NONE: readonly string[] = Object.freeze([]);

const CR = 13;
const LF = 10;

/** What the next byte belongs to. */
const LINE = 0;
const DATA = 1;
const DATA_CR = 2;
const DATA_LF = 3;
const TRAILERS = 4;
const ENDED = 5;

/** Up to here a loop is faster than a native move. */
const SMALL_MOVE_BYTES = 32;

/** Longer sizes go byte by byte. */
const QUICK_DIGITS = 8;

/** Moves bytes towards the front of their own buffer. */
const move = (bytes: Uint8Array, to: number, start: number, end: number): void => {
  if (end - start > SMALL_MOVE_BYTES) bytes.copyWithin(to, start, end);
  else for (let i = start; i < end; i++) bytes[to + i - start] = bytes[i] as number;
};

/**
 * Decodes chunked content. The chunks of one read leave as one piece, moved together in the buffer that
 * they came in, so that the cost is bounded by bytes, whatever the chunks' size.
 *
 * Refused: sizes other than hexadecimal digits up to 2^53 - 1, malformed extensions, a line over 4 KiB,
 * lines with more than 16 KiB in all that no content accounts for, anything but CRLF behind a line or a
 * chunk, trailers over the limits.
 */
export class ChunkedDecoder implements BodyDecoder {
  readonly #refuse: Refuse;
  readonly #limits: TrailerLimits;
  readonly #line = new ChunkLine();
  #section: TrailerSection | undefined;
  #state = LINE;
  #left = 0;
  data: Uint8Array = EMPTY;
  done = false;
  refusal: Refusal | undefined = undefined;

  constructor(refuse: Refuse, limits: TrailerLimits) {
    this.#refuse = refuse;
    this.#limits = limits;
  }

  get trailers(): readonly string[] {
    return this.#section?.fields ?? NONE;
  }

  push(bytes: Uint8Array, from: number): number {
    let at = from;
    let start = -1;
    let end = -1;
    while (at < bytes.length && this.#state !== ENDED) {
      if (this.#state !== DATA) {
        const behind = this.#plainLine(bytes, at);
        if (behind === at) this.#control(bytes[at++] as number);
        else at = behind;
        continue;
      }
      const taken = Math.min(this.#left, bytes.length - at);
      if (start === -1) start = end = at;
      else move(bytes, end, at, at + taken);
      end += taken;
      at += taken;
      this.#left -= taken;
      if (this.#left === 0) this.#state = DATA_CR;
    }
    this.data = start === -1 ? EMPTY : bytes.subarray(start, end);
    return at;
  }

  end(): Refusal | undefined {
    if (!this.done) this.#fail("bad-request", "connection ended inside chunked content (RFC 9112 §8)");
    return this.refusal;
  }

  /**
   * Fast path: reads the end of a chunk and the next chunk's line in one go, if both are complete and the
   * line has no extension. Returns the index behind them, or `at`.
   */
  #plainLine(bytes: Uint8Array, at: number): number {
    let start = at;
    if (this.#state === DATA_CR && bytes[at] === CR && bytes[at + 1] === LF) start += 2;
    else if (this.#state !== LINE || !this.#line.isFresh) return at;
    let size = 0;
    let i = start;
    for (let digit = 0; i - start < QUICK_DIGITS; i++) {
      digit = hexValue(bytes[i] as number);
      if (digit < 0) break;
      size = size * 16 + digit;
    }
    if (i === start || bytes[i] !== CR || bytes[i + 1] !== LF) return at;
    this.#begin(size);
    return i + 2;
  }

  #begin(size: number): void {
    this.#left = size;
    this.#state = size === 0 ? TRAILERS : DATA;
    this.#line.reset(size);
  }

  /** A byte that is no content. */
  #control(byte: number): void {
    switch (this.#state) {
      case LINE:
        this.#lineByte(byte);
        break;
      case DATA_CR:
        if (byte === CR) this.#state = DATA_LF;
        else this.#fail("bad-request", "chunk longer than its size (RFC 9112 §7.1)");
        break;
      case DATA_LF:
        if (byte === LF) this.#state = LINE;
        else this.#fail("bad-request", controlRule(CR));
        break;
      default:
        this.#trailerByte(byte);
    }
  }

  #lineByte(byte: number): void {
    const result = this.#line.push(byte);
    if (result === undefined) return;
    if (result !== true) {
      this.#fail("bad-request", result);
      return;
    }
    this.#begin(this.#line.size);
  }

  #trailerByte(byte: number): void {
    this.#section ??= new TrailerSection(this.#limits);
    const result = this.#section.push(byte);
    if (result === undefined) return;
    if (result === true) {
      this.#state = ENDED;
      this.done = true;
    } else {
      this.#fail(result.code, result.detail);
    }
  }

  #fail(code: "bad-request" | "header-too-large", detail: string): void {
    this.#state = ENDED;
    this.refusal ??= this.#refuse(code, detail);
  }
}
