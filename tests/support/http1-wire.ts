/** Reads whole messages with `src/http1`, in any pieces. */
import { type BodyDecoder, bodyDecoder } from "../../src/http1/body-decoder.ts";
import type { BodyLength } from "../../src/http1/body-length.ts";
import { type HeadFormat, HeadReader } from "../../src/http1/head-reader.ts";
import { type Refusal, isRefusal, refuse } from "../../src/http1/refusal.ts";
import { type RequestHead, requestHeads } from "../../src/http1/request-head.ts";
import { type ResponseHead, responseHeads } from "../../src/http1/response-head.ts";

export const LIMITS = { headerBytes: 512, headers: 16, targetBytes: 128 };

/** The portable way: a character a byte. */
export const latin1 = (bytes: Uint8Array, start: number, end: number): string => {
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
};

export const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** `bytes` cut at these indexes, each piece in a buffer of its own. */
export const cut = (bytes: Uint8Array, at: readonly number[]): Uint8Array[] => {
  const ends = [...new Set(at)].filter((end) => end > 0 && end < bytes.length).sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, i) => bytes.slice(ends[i - 1] ?? 0, end));
};

/** What reading a head from pieces came to. */
export type HeadOutcome<Head> =
  | { readonly head: Head; readonly rest: string }
  | { readonly refusal: Refusal; readonly rest?: undefined }
  | undefined;

/** Reads one head; undefined if it has no end. */
export const readHead = <Head extends object>(
  format: HeadFormat<Head>,
  pieces: readonly Uint8Array[],
): HeadOutcome<Head> => {
  const reader = new HeadReader(format);
  for (const [i, piece] of pieces.entries()) {
    const result = reader.push(piece, 0);
    if (result === undefined) continue;
    if (isRefusal(result)) return { refusal: result };
    const rest = [piece.subarray(reader.end), ...pieces.slice(i + 1)];
    return { head: result, rest: rest.map((part) => latin1(part, 0, part.length)).join("") };
  }
  return undefined;
};

export const REQUESTS: HeadFormat<RequestHead> = requestHeads(latin1, LIMITS);
export const RESPONSES: HeadFormat<ResponseHead> = responseHeads(latin1, LIMITS);

/** The request whose head `text` is, with what ends it. */
export const readRequest = (text: string): RequestHead | Refusal => {
  const outcome = readHead(REQUESTS, [bytesOf(text)]);
  if (outcome === undefined) throw new Error("the head has no end");
  return "head" in outcome ? outcome.head : outcome.refusal;
};

/** The response whose head `text` is, with what ends it. */
export const readResponse = (text: string): ResponseHead | Refusal => {
  const outcome = readHead(RESPONSES, [bytesOf(text)]);
  if (outcome === undefined) throw new Error("the head has no end");
  return "head" in outcome ? outcome.head : outcome.refusal;
};

/** What decoding content from pieces came to. */
export interface BodyOutcome {
  readonly data: string;
  readonly done: boolean;
  readonly detail: string | undefined;
  readonly trailers: readonly string[];
  /** Bytes behind the content. */
  readonly rest: string;
}

/** Decodes content; its pieces are changed by that. */
export const readBody = (
  length: BodyLength,
  pieces: readonly Uint8Array[],
  decoder: BodyDecoder = bodyDecoder(length, refuse, LIMITS),
): BodyOutcome => {
  let data = "";
  let rest = "";
  for (const piece of pieces) {
    let end = 0;
    if (!decoder.done && decoder.refusal === undefined) {
      end = decoder.push(piece, 0);
      data += latin1(decoder.data, 0, decoder.data.length);
    }
    // What a refused message goes on with is nobody's.
    if (decoder.refusal === undefined) rest += latin1(piece, end, piece.length);
  }
  const { done, refusal, trailers } = decoder;
  return { data, done, detail: refusal?.detail, trailers, rest };
};
