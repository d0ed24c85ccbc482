/**
 * What a header section says about framing and about the connection, noted field by field in the pass that
 * reads the fields: by the HTTP/1.1 parsers and by the adapter that loops over the fields of a Web `Request`.
 */
import { FieldKind, fieldKind } from "./field-kind.ts";
import { NOT_A_TOKEN, nameFlags } from "./field-sanity.ts";
import { CONNECTION_OPTION, isNominable } from "./headers.ts";
import { type ScreenProblem, malformed } from "./screen-problem.ts";

const NONE: readonly string[] = Object.freeze([]);

/** What the fields seen so far say. */
export interface FieldNotes {
  /** Value of `Host`. */
  host: string | undefined;
  /** Value of `Content-Length`: a whole number below 2^53. */
  contentLength: number | undefined;
  /** `Transfer-Encoding: chunked`, the only transfer coding there is here. */
  chunked: boolean;
  /** Value of `Expect`; several are joined by a comma. */
  expect: string | undefined;
  /** `Connection: close`. */
  close: boolean;
  /** `Connection: keep-alive`. */
  keepAlive: boolean;
  /** `Connection: upgrade`. */
  connectionUpgrade: boolean;
  /** Value of `Upgrade`; several are joined by a comma. */
  upgrade: string | undefined;
  /** `TE: trailers`, possibly among others (RFC 9110 §10.1.4). */
  acceptsTrailers: boolean;
  /** Value of `Max-Forwards`. */
  maxForwards: string | undefined;
  /** Seconds of `Keep-Alive: timeout=…`. */
  keepAliveTimeout: number | undefined;
  /**
   * Lower-case names of fields of this message that `Connection` declares to be hop-by-hop, besides those
   * that always are. Filled by `settleNominated`, once all fields have been noted.
   */
  nominated: readonly string[];
  /** Lower-case names that hold an underscore, which some servers read as a dash (CGI, RFC 3875 §4.1.18). */
  underscored: readonly string[];
  /** Bytes of all names and values. */
  bytes: number;
  /** Lower-case options of `Connection` that may be names of fields; "" for none. */
  options: string;
}

/** Notes of a message without fields. */
export const newFieldNotes = (): FieldNotes => ({
  host: undefined,
  contentLength: undefined,
  chunked: false,
  expect: undefined,
  close: false,
  keepAlive: false,
  connectionUpgrade: false,
  upgrade: undefined,
  acceptsTrailers: false,
  maxForwards: undefined,
  keepAliveTimeout: undefined,
  nominated: NONE,
  underscored: NONE,
  bytes: 0,
  options: "",
});

const joined = (present: string | undefined, value: string): string =>
  present === undefined ? value : `${present}, ${value}`;

const TIMEOUT = /(?:^|[,;])[ \t]*timeout[ \t]*=[ \t]*"?(\d{1,9})/i;
const TRAILERS = /(?:^|,)[ \t]*trailers[ \t]*(?:,|$)/i;

/** `Connection` (RFC 9110 §7.6.1). Linear in the value's length, whatever it holds. */
const noteConnection = (notes: FieldNotes, value: string): void => {
  if (value === "keep-alive" || value === "Keep-Alive") {
    notes.keepAlive = true;
    return;
  }
  const lower = value.toLowerCase();
  let others = false;
  for (const [option] of lower.matchAll(CONNECTION_OPTION)) {
    if (option === "close") notes.close = true;
    else if (option === "keep-alive") notes.keepAlive = true;
    else if (option === "upgrade") notes.connectionUpgrade = true;
    else others = true;
  }
  if (others) notes.options = notes.options === "" ? lower : `${notes.options},${lower}`;
};

/** More digits could exceed 2^53. */
const MAX_LENGTH_DIGITS = 15;

/** Value of a `Content-Length`, or undefined if it is malformed. */
const lengthOf = (value: string): number | undefined => {
  if (value.length === 0 || value.length > MAX_LENGTH_DIGITS) return undefined;
  let length = 0;
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return undefined;
    length = length * 10 + digit;
  }
  return length;
};

const noteContentLength = (notes: FieldNotes, value: string): ScreenProblem | undefined => {
  if (notes.contentLength !== undefined) {
    return malformed("more than one Content-Length field (RFC 9112 §6.3)");
  }
  notes.contentLength = lengthOf(value);
  return notes.contentLength === undefined
    ? malformed("malformed Content-Length (RFC 9110 §8.6)")
    : undefined;
};

const noteTransferEncoding = (notes: FieldNotes, value: string): ScreenProblem | undefined => {
  if (notes.chunked) return malformed("more than one Transfer-Encoding field (RFC 9112 §6.1)");
  if (value !== "chunked" && value.toLowerCase() !== "chunked") {
    return malformed("Transfer-Encoding other than chunked (RFC 9112 §6.1)");
  }
  notes.chunked = true;
  return undefined;
};

/**
 * Notes a field whose name and kind are known. `noteField` for callers that have looked at the name
 * already.
 */
export const noteKind = (notes: FieldNotes, kind: FieldKind, value: string): ScreenProblem | undefined => {
  switch (kind) {
    case FieldKind.host:
      if (notes.host !== undefined) return malformed("more than one Host field (RFC 9112 §3.2)");
      notes.host = value;
      return undefined;
    case FieldKind.contentLength:
      return noteContentLength(notes, value);
    case FieldKind.transferEncoding:
      return noteTransferEncoding(notes, value);
    case FieldKind.connection:
      noteConnection(notes, value);
      return undefined;
    case FieldKind.expect:
      notes.expect = joined(notes.expect, value);
      return undefined;
    case FieldKind.upgrade:
      notes.upgrade = joined(notes.upgrade, value);
      return undefined;
    case FieldKind.te:
      notes.acceptsTrailers ||= TRAILERS.test(value);
      return undefined;
    case FieldKind.maxForwards:
      notes.maxForwards = joined(notes.maxForwards, value);
      return undefined;
    case FieldKind.keepAlive: {
      const seconds = TIMEOUT.exec(value)?.[1];
      if (seconds !== undefined) notes.keepAliveTimeout = Number(seconds);
      return undefined;
    }
    default:
      return undefined;
  }
};

/**
 * Notes one field of a request.
 *
 * Refused: names that are no tokens, several `Host` or `Content-Length` or `Transfer-Encoding` fields, a
 * malformed length, a coding other than exactly `chunked`. What only shows once all fields are known is for
 * `checkFraming`. The value's characters are the caller's to check.
 */
export const noteField = (notes: FieldNotes, name: string, value: string): ScreenProblem | undefined => {
  notes.bytes += name.length + value.length;
  const flags = nameFlags(name);
  if (flags !== 0) {
    if ((flags & NOT_A_TOKEN) !== 0) return malformed("field name is not a token (RFC 9110 §5.1)");
    noteUnderscored(notes, name);
  }
  const kind = fieldKind(name);
  return kind === FieldKind.ordinary ? undefined : noteKind(notes, kind, value);
};

/** Notes a name that holds an underscore. */
export const noteUnderscored = (notes: FieldNotes, name: string): void => {
  if (notes.underscored === NONE) notes.underscored = [];
  (notes.underscored as string[]).push(name.toLowerCase());
};

/** Whether the fields together leave one reading of where the content ends (RFC 9112 §6.1, §6.3). */
export const checkFraming = (notes: FieldNotes, version: string | undefined): ScreenProblem | undefined => {
  if (!notes.chunked) return undefined;
  if (notes.contentLength !== undefined) {
    return malformed("both Content-Length and Transfer-Encoding (RFC 9112 §6.3)");
  }
  if (version !== undefined && version !== "1.1") {
    return malformed(`Transfer-Encoding in HTTP/${version} (RFC 9112 §6.1)`);
  }
  return undefined;
};

/**
 * Finds out which fields of the message `Connection` takes away; called once, after the last field. Only
 * names that the message has are looked for, so the cost is linear in the section's length and the result
 * is short.
 */
export const settleNominated = (notes: FieldNotes, pairs: readonly string[]): void => {
  if (notes.options === "") return;
  const options = new Set<string>();
  for (const [option] of notes.options.matchAll(CONNECTION_OPTION)) options.add(option);
  const nominated = new Set<string>();
  for (let i = 0; i < pairs.length; i += 2) {
    const name = (pairs[i] as string).toLowerCase();
    if (options.has(name) && isNominable(name)) nominated.add(name);
  }
  notes.nominated = [...nominated];
};
