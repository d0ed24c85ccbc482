/** Collects a head over as many reads as it takes. */
import { type RequestHead, type RequestHeadLimits, parseRequestHead } from "./request-head.ts";
import { type ResponseHead, type ResponseHeadLimits, parseResponseHead } from "./response-head.ts";
import { forbiddenCharacter } from "./characters.ts";
import { type Refusal, type Refuse, refuse, refuseResponse } from "./refusal.ts";

/** Decodes `bytes` from `start` to `end`, a character a byte: a runtime's native way of it. */
export type Latin1 = (bytes: Uint8Array, start: number, end: number) => string;

const EMPTY = new Uint8Array(0);

/** Index of the first CRLFCRLF at or after `from`, or -1. */
const headEnd = (bytes: Uint8Array, from: number): number => {
  for (let i = from + 3; i < bytes.length; i++) {
    if (bytes[i] === 10 && bytes[i - 1] === 13 && bytes[i - 2] === 10 && bytes[i - 3] === 13) return i - 3;
  }
  return -1;
};

class HeadReader<Head extends object> {
  readonly #latin1: Latin1;
  readonly #limitBytes: number;
  readonly #parse: (text: string) => Head | Refusal;
  readonly #refuse: Refuse;
  #kept: Uint8Array = EMPTY;
  /** Index after the head, in the bytes pushed last; valid when `push` has returned a head. */
  end = 0;

  constructor(latin1: Latin1, limitBytes: number, parse: (text: string) => Head | Refusal, refusing: Refuse) {
    this.#latin1 = latin1;
    this.#limitBytes = limitBytes;
    this.#parse = parse;
    this.#refuse = refusing;
  }

  /** Whether bytes of a head have come, but not all of them. */
  get isInside(): boolean {
    return this.#kept.length > 0;
  }

  /**
   * Takes the bytes from index `from` on. Returns the head, why it is refused, or undefined if more is needed;
   * then all bytes were taken.
   */
  push(bytes: Uint8Array, from: number): Head | Refusal | undefined {
    const before = this.#kept.length;
    const all = new Uint8Array(before + bytes.length - from);
    all.set(this.#kept);
    all.set(bytes.subarray(from), before);
    const end = headEnd(all, 0);
    const length = end === -1 ? all.length : end;
    const text = this.#latin1(all, 0, Math.min(length, this.#limitBytes));
    const rule = forbiddenCharacter(end === -1 && text.endsWith("\r") ? text.slice(0, -1) : text);
    if (rule !== undefined) return this.#refuse("bad-request", rule);
    if (length > this.#limitBytes) {
      return text.includes("\n")
        ? this.#refuse("header-too-large", "header section too large")
        : this.#refuse("target-too-long", "request line too long (RFC 9112 §3)");
    }
    if (end === -1) {
      this.#kept = all;
      return undefined;
    }
    this.#kept = EMPTY;
    this.end = from + end + 4 - before;
    return this.#parse(text);
  }
}
export type { HeadReader };

/** What the limits come to for the whole of a head: names and values with what stands between them, and the first line. */
const sectionBytes = ({ headerBytes, headers }: ResponseHeadLimits): number => headerBytes + headers * 4;

/** Reads requests' heads, one after the other. */
export const requestHeadReader = (latin1: Latin1, limits: RequestHeadLimits): HeadReader<RequestHead> =>
  new HeadReader(
    latin1,
    sectionBytes(limits) + limits.targetBytes + 64,
    (text) => parseRequestHead(text, limits),
    refuse,
  );

/** Reads responses' heads, one after the other. */
export const responseHeadReader = (latin1: Latin1, limits: ResponseHeadLimits): HeadReader<ResponseHead> =>
  new HeadReader(
    latin1,
    sectionBytes(limits) + 512,
    (text) => parseResponseHead(text, limits),
    refuseResponse,
  );
