/**
 * Heads of requests (RFC 9112 §2, §3, §5): read strictly, as the next server may read a sloppy one
 * otherwise.
 */
import { FieldKind, fieldKind } from "../http/field-kind.ts";
import {
  type FieldNotes,
  checkFraming,
  newFieldNotes,
  noteKind,
  noteUnderscored,
  settleNominated,
} from "../http/field-notes.ts";
import type { ScreenProblem } from "../http/screen-problem.ts";
import { NOT_TOKEN, TOKEN_CLASS, UNDERSCORE, isTokenByte } from "./characters.ts";
import { nameRule, skipBlanks, trimBlanks } from "./field-line.ts";
import type { HeadFormat, Latin1 } from "./head-reader.ts";
import { HeadScan } from "./head-scan.ts";
import { type Refusal, isRefusal, refuse } from "./refusal.ts";

export interface RequestHeadLimits {
  /** Bytes of all names and values. */
  readonly headerBytes: number;
  /** Number of fields. */
  readonly headers: number;
  /** Bytes of the target. */
  readonly targetBytes: number;
}

/** A request's head. */
export interface RequestHead {
  readonly method: string;
  /** As sent; not empty, without white space and controls. What it means is for `screen` to say. */
  readonly target: string;
  readonly version: "1.0" | "1.1";
  /**
   * Name, value, …: all fields in order, names as spelt, values without white space around, a character a
   * byte.
   */
  readonly fields: readonly string[];
  readonly notes: Readonly<FieldNotes>;
}

type RequestLine = Pick<RequestHead, "method" | "target" | "version">;

const COLON = 58;
const SPACE = 32;
const ZERO = 48;
/** " HTTP/1.1" */
const VERSION_LENGTH = 9;
/** A method of any length that somebody uses, two spaces and the version. */
const LINE_ALLOWANCE_BYTES = 64;

const bad = (detail: string): Refusal => refuse("bad-request", detail);

const TOO_MANY = refuse("header-too-large", "too many header fields (RFC 6585 §5)");
const TOO_LARGE = refuse("header-too-large", "header section too large (RFC 6585 §5)");

const refuseProblem = ({ code, detail }: ScreenProblem): Refusal => refuse(code, detail);

/** The end of a token that starts at `start`. */
const tokenEnd = (text: string, start: number, end: number): number => {
  let i = start;
  while (i < end && isTokenByte(text.charCodeAt(i))) i++;
  return i;
};

/** For a request line that does not end in a supported version. */
const versionRefusal = (line: string): Refusal =>
  / HTTP\/\d\.\d$/.test(line)
    ? refuse("version-not-supported", "HTTP version other than 1.0 and 1.1 (RFC 9112 §2.3)")
    : bad("request line without a well-formed HTTP version (RFC 9112 §3)");

const parseRequestLine = (
  text: string,
  start: number,
  end: number,
  targetBytes: number,
): RequestLine | Refusal => {
  const space = tokenEnd(text, start, end);
  if (space === start || text.charCodeAt(space) !== SPACE)
    return bad("method is not a token (RFC 9110 §9.1)");
  const targetEnd = end - VERSION_LENGTH;
  const minor = text.charCodeAt(end - 1) - ZERO;
  if (!text.startsWith(" HTTP/1.", targetEnd) || (minor !== 1 && minor !== 0)) {
    return versionRefusal(text.slice(start, end));
  }
  if (targetEnd - space - 1 > targetBytes) {
    return refuse("target-too-long", "target too long (RFC 9112 §3)");
  }
  let i = space + 1;
  while (i < targetEnd && text.charCodeAt(i) > SPACE) i++;
  if (i !== targetEnd || i <= space + 1) {
    return bad("request line is not method, target and version (RFC 9112 §3)");
  }
  const version = minor === 1 ? "1.1" : "1.0";
  return { method: text.slice(start, space), target: text.slice(space + 1, targetEnd), version };
};

/** Reads the lines from `firstLine` on. */
const readFields = (
  text: string,
  scan: HeadScan,
  firstLine: number,
  notes: FieldNotes,
): string[] | Refusal => {
  const { lineEnds, lines } = scan;
  const fields: string[] = [];
  let start = (lineEnds[firstLine - 1] as number) + 2;
  for (let line = firstLine; line < lines; line++) {
    const lineEnd = lineEnds[line] as number;
    let colon = start;
    let classes = 0;
    for (; colon < lineEnd; colon++) {
      const found = TOKEN_CLASS[text.charCodeAt(colon)] as number;
      if (found === NOT_TOKEN) break;
      classes |= found;
    }
    if (colon === start || text.charCodeAt(colon) !== COLON) return bad(nameRule(text.slice(start, lineEnd)));
    const from = skipBlanks(text, colon + 1, lineEnd);
    const name = text.slice(start, colon);
    const value = text.slice(from, trimBlanks(text, from, lineEnd));
    fields.push(name, value);
    notes.bytes += name.length + value.length;
    if ((classes & UNDERSCORE) !== 0) noteUnderscored(notes, name);
    const kind = fieldKind(name);
    if (kind !== FieldKind.ordinary) {
      const problem = noteKind(notes, kind, value);
      if (problem !== undefined) return refuseProblem(problem);
    }
    start = lineEnd + 2;
  }
  return fields;
};

/**
 * Heads of requests within `limits`.
 *
 * Tolerated: one empty line in front, which old clients sent behind a body (RFC 9112 §2.2).
 */
export const requestHeads = (latin1: Latin1, limits: RequestHeadLimits): HeadFormat<RequestHead> => {
  const { headerBytes, headers, targetBytes } = limits;
  const limitBytes = headerBytes + headers * 4 + targetBytes + LINE_ALLOWANCE_BYTES;
  const scan = new HeadScan(limitBytes, headers + 2);

  const parse = (text: string): RequestHead | Refusal => {
    const { lineEnds, lines } = scan;
    const first = lineEnds[0] === 0 ? 1 : 0;
    if (first === lines) return bad("no request line (RFC 9112 §3)");
    const line = parseRequestLine(text, first * 2, lineEnds[first] as number, targetBytes);
    if (isRefusal(line)) return line;
    if (lines - first - 1 > headers) return TOO_MANY;
    const notes = newFieldNotes();
    const fields = readFields(text, scan, first + 1, notes);
    if (isRefusal(fields)) return fields;
    if (notes.bytes > headerBytes) return TOO_LARGE;
    const problem = checkFraming(notes, line.version);
    if (problem !== undefined) return refuseProblem(problem);
    settleNominated(notes, fields);
    return { method: line.method, target: line.target, version: line.version, fields, notes };
  };

  const parseAgain = (
    text: string,
    lineEnd: number,
    last: RequestHead,
  ): ReturnType<typeof parse> | undefined => {
    const line = parseRequestLine(text, 0, lineEnd, targetBytes);
    if (isRefusal(line)) return line;
    const { method, target, version } = line;
    // Whether `Transfer-Encoding` may be there depends on the version.
    if (version !== last.version) return undefined;
    return { method, target, version, fields: last.fields, notes: last.notes };
  };

  return { latin1, scan, refuse, parse, parseAgain };
};
