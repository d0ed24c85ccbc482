/**
 * Heads and chunks as they go on the wire: strings of which each character is a byte (latin1).
 *
 * Values were checked where they came in (parser, config) and are checked again here, because a line break
 * that slips through splits the message. A value that holds CR, LF, NUL or a character above 0xff, whose low
 * byte could be one of these, throws. Field names are not checked: they must be tokens.
 */
import type { BodyLength } from "./body-length.ts";
import { reasonOf } from "./reason.ts";

/** First line of a request, and where it goes. */
export interface RequestStart {
  readonly method: string;
  readonly target: string;
  readonly host: string;
}

/** First line of a response. */
export interface ResponseStart {
  /** 100 to 999. */
  readonly status: number;
  /** @default the status's registered phrase */
  readonly reason?: string | undefined;
}

/** How a message is framed on the connection that it is sent on. */
export interface Framing {
  /**
   * `Content-Length` for a number, `Transfer-Encoding` for `"chunked"`. A response to HEAD, or a 304, that
   * tells its length gets the number too, though no content follows.
   */
  readonly length: BodyLength;
  /** Value of `Connection`. @default `close` for a length of `"close"`, else none */
  readonly connection?: string | undefined;
}

const CRLF = "\r\n";
const UNSAFE = /[\0\r\n\u0100-\uffff]/;

const safe = (value: string, what: string): string => {
  if (UNSAFE.test(value)) throw new TypeError(`${what} holds CR, LF, NUL or a character above 0xff`);
  return value;
};

/**
 * Fields as lines, each with its line's end.
 *
 * @throws TypeError for a value that would break the message apart.
 */
export const fieldLines = (fields: readonly string[]): string => {
  let lines = "";
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    const value = fields[i + 1] as string;
    // Tested here first: no message is built for values that are fine.
    if (UNSAFE.test(value)) safe(value, `value of ${name}`);
    lines += name + ": " + value + CRLF;
  }
  return lines;
};

const framingLines = ({ length, connection }: Framing): string => {
  let lines = "";
  const option = connection ?? (length === "close" ? "close" : undefined);
  if (option !== undefined) lines = `Connection: ${safe(option, "value of Connection")}${CRLF}`;
  if (length === "chunked") return `${lines}Transfer-Encoding: chunked${CRLF}`;
  if (typeof length === "string") return lines;
  if (!Number.isSafeInteger(length) || length < 0) throw new RangeError(`Content-Length ${length}`);
  return `${lines}Content-Length: ${length}${CRLF}`;
};

/**
 * A request's head: `Host`, end-to-end fields as given, framing.
 *
 * @throws TypeError for a value that would break the message apart.
 */
export const encodeRequestHead = (
  { method, target, host }: RequestStart,
  fields: readonly string[],
  framing: Framing,
): string => {
  const line = `${safe(method, "method")} ${safe(target, "target")} HTTP/1.1${CRLF}`;
  const start = `${line}Host: ${safe(host, "host")}${CRLF}`;
  return start + fieldLines(fields) + framingLines(framing) + CRLF;
};

/**
 * A response's head: end-to-end fields as given, framing. Interim ones (1xx) have a length of `"none"`.
 *
 * @throws TypeError for a value that would break the message apart.
 */
export const encodeResponseHead = (
  start: ResponseStart,
  fields: readonly string[],
  framing: Framing,
): string => joinResponseHead(start, fieldLines(fields), framing);

/** The same with fields that are lines already, from `fieldLines`. */
export const joinResponseHead = (
  { status, reason = reasonOf(status) }: ResponseStart,
  lines: string,
  framing: Framing,
): string => `HTTP/1.1 ${status} ${safe(reason, "reason")}${CRLF}${lines}${framingLines(framing)}${CRLF}`;

/** Goes in front of a chunk of that many bytes; `CHUNK_END` goes behind it. */
export const chunkHeader = (bytes: number): string => {
  // A chunk of 0 bytes is the last one.
  if (!Number.isSafeInteger(bytes) || bytes <= 0) throw new RangeError(`chunk of ${bytes} bytes`);
  return bytes.toString(16) + CRLF;
};

/** Goes behind each chunk. */
export const CHUNK_END: string = CRLF;

const LAST_CHUNK = `0${CRLF}${CRLF}`;

/**
 * Ends chunked content, with these trailer fields.
 *
 * @throws TypeError for a value that would break the message apart.
 */
export const lastChunk = (trailers: readonly string[]): string =>
  trailers.length === 0 ? LAST_CHUNK : `0${CRLF}${fieldLines(trailers)}${CRLF}`;
