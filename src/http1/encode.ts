/** Heads and chunks as they go on the wire: strings of which each character is a byte (latin1). */
import type { BodyLength } from "./body-length.ts";

/** First line of a request and where it goes. */
export interface RequestStart {
  readonly method: string;
  readonly target: string;
  readonly host: string;
}

/** First line of a response. */
export interface ResponseStart {
  readonly status: number;
  /** @default the status's registered phrase */
  readonly reason?: string | undefined;
}

/** What the sender says of this connection's message. */
export interface SentFraming {
  readonly length: BodyLength;
  /** Value of `Connection`; left out where undefined. */
  readonly connection?: string | undefined;
}

const CRLF = "\r\n";

const framingLines = ({ length, connection }: SentFraming): string => {
  const lines = connection === undefined ? "" : `Connection: ${connection}${CRLF}`;
  if (typeof length === "number") return `${lines}Content-Length: ${length}${CRLF}`;
  return length === "chunked" ? `${lines}Transfer-Encoding: chunked${CRLF}` : lines;
};

const fieldLines = (fields: readonly string[]): string => {
  let out = "";
  for (let i = 0; i < fields.length; i += 2)
    out += `${fields[i] as string}: ${fields[i + 1] as string}${CRLF}`;
  return out;
};

/** A request's head: end-to-end fields as given, `Host` and framing from the other arguments. */
export const encodeRequestHead = (
  { method, target, host }: RequestStart,
  fields: readonly string[],
  framing: SentFraming,
): string =>
  `${method} ${target} HTTP/1.1${CRLF}Host: ${host}${CRLF}${fieldLines(fields)}${framingLines(framing)}${CRLF}`;

/** A response's head. */
export const encodeResponseHead = (
  { status, reason = "" }: ResponseStart,
  fields: readonly string[],
  framing: SentFraming,
): string => `HTTP/1.1 ${status} ${reason}${CRLF}${fieldLines(fields)}${framingLines(framing)}${CRLF}`;

/** Goes in front of a chunk of that many bytes, at least one; `CHUNK_END` goes behind it. */
export const chunkHeader = (bytes: number): string => bytes.toString(16) + CRLF;

/** Goes behind each chunk. */
export const CHUNK_END: string = CRLF;

/** Ends chunked content. */
export const lastChunk = (trailers: readonly string[]): string => `0${CRLF}${fieldLines(trailers)}${CRLF}`;
