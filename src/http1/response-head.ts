/**
 * Heads of responses (RFC 9112 §4, §5): strict where framing is concerned, tolerant where a proxy has to
 * be.
 */
import { FieldKind, fieldKind, isHopByHop } from "../http/field-kind.ts";
import {
  type FieldNotes,
  checkFraming,
  newFieldNotes,
  noteKind,
  settleNominated,
} from "../http/field-notes.ts";
import { NOT_TOKEN, TOKEN_CLASS } from "./characters.ts";
import { nameRule, skipBlanks, trimBlanks } from "./field-line.ts";
import type { HeadFormat, Latin1 } from "./head-reader.ts";
import { HeadScan } from "./head-scan.ts";
import { type Refusal, isRefusal, refuse, refuseResponse } from "./refusal.ts";

export interface ResponseHeadLimits {
  /** Bytes of all names and values. */
  readonly headerBytes: number;
  /** Number of fields. */
  readonly headers: number;
}

/** A response's head. */
export interface ResponseHead {
  /** 100 to 599. */
  readonly status: number;
  /** As sent; may be empty. */
  readonly reason: string;
  readonly version: "1.0" | "1.1";
  /**
   * Name, value, …: end-to-end fields in order, names as spelt, values without white space around, a
   * character a byte. Hop-by-hop fields, those that `Connection` names and `Content-Length` are left out:
   * whoever sends the message writes its framing anew, from `notes`.
   */
  readonly fields: readonly string[];
  readonly notes: Readonly<FieldNotes>;
}

const COLON = 58;
const SPACE = 32;
const ZERO = 48;
/** "HTTP/1.1 200" */
const STATUS_END = 12;
const LINE_ALLOWANCE_BYTES = 512;

const bad = (detail: string): Refusal => refuse("bad-upstream-response", detail);

const digitAt = (text: string, index: number): number => {
  const digit = text.charCodeAt(index) - ZERO;
  return digit >= 0 && digit <= 9 ? digit : Number.NaN;
};

type StatusLine = Pick<ResponseHead, "status" | "reason" | "version">;

const parseStatusLine = (text: string, end: number): StatusLine | Refusal => {
  const minor = digitAt(text, 7);
  const status = digitAt(text, 9) * 100 + digitAt(text, 10) * 10 + digitAt(text, 11);
  if (
    end < STATUS_END ||
    !text.startsWith("HTTP/1.") ||
    !(minor <= 1) ||
    text.charCodeAt(8) !== SPACE ||
    !(status >= 100 && status < 600) ||
    (end > STATUS_END && text.charCodeAt(STATUS_END) !== SPACE)
  ) {
    return bad("malformed status line, or HTTP version other than 1.0 and 1.1 (RFC 9112 §4)");
  }
  const reason = end > STATUS_END + 1 ? text.slice(STATUS_END + 1, end) : "";
  return { status, reason, version: minor === 1 ? "1.1" : "1.0" };
};

const HAS_FOLD = /\r\n[\t ]/;
const FOLDS = /\r\n[\t ]+/g;

const lineEndsOf = (text: string): number[] => {
  const ends: number[] = [];
  for (let end = text.indexOf("\r\n"); end !== -1; end = text.indexOf("\r\n", end + 2)) ends.push(end);
  return ends;
};

const LENGTH_IN_LIST = /^[\t ]*(\d+)[\t ]*$/;

/**
 * Notes a length. The same one said more than once, in a list or in several fields, is one (RFC 9110 §8.6).
 */
const noteLength = (notes: FieldNotes, value: string): Refusal | undefined => {
  // The ordinary case: one field, one number.
  if (notes.contentLength === undefined && noteKind(notes, FieldKind.contentLength, value) === undefined) {
    return undefined;
  }
  for (const item of value.split(",")) {
    const before = notes.contentLength;
    notes.contentLength = undefined;
    const problem = noteKind(notes, FieldKind.contentLength, LENGTH_IN_LIST.exec(item)?.[1] ?? item);
    if (problem !== undefined) return bad(problem.detail);
    if (before !== undefined && before !== notes.contentLength) {
      return bad("Content-Length fields that differ (RFC 9110 §8.6)");
    }
  }
  return undefined;
};

/** Notes a field that is not an ordinary one. */
const noteSpecial = (notes: FieldNotes, kind: FieldKind, value: string): Refusal | undefined => {
  if (kind === FieldKind.contentLength) return noteLength(notes, value);
  const problem = noteKind(notes, kind, value);
  return problem === undefined ? undefined : bad(problem.detail);
};

/** End-to-end fields of a head whose lines from the second on are fields. */
const readFields = (
  text: string,
  lineEnds: ArrayLike<number>,
  lines: number,
  notes: FieldNotes,
): string[] | Refusal => {
  const fields: string[] = [];
  let start = (lineEnds[0] as number) + 2;
  for (let line = 1; line < lines; line++) {
    const lineEnd = lineEnds[line] as number;
    let nameEnd = start;
    while (nameEnd < lineEnd && TOKEN_CLASS[text.charCodeAt(nameEnd)] !== NOT_TOKEN) nameEnd++;
    // A proxy removes white space in front of the colon (RFC 9112 §5.1).
    const colon = text.charCodeAt(nameEnd) === COLON ? nameEnd : skipBlanks(text, nameEnd, lineEnd);
    if (nameEnd === start || colon === lineEnd || text.charCodeAt(colon) !== COLON) {
      return bad(nameRule(text.slice(start, lineEnd)));
    }
    const from = skipBlanks(text, colon + 1, lineEnd);
    const name = text.slice(start, nameEnd);
    const value = text.slice(from, trimBlanks(text, from, lineEnd));
    notes.bytes += name.length + value.length;
    const kind = fieldKind(name);
    if (kind !== FieldKind.ordinary && kind !== FieldKind.host) {
      const refusal = noteSpecial(notes, kind, value);
      if (refusal !== undefined) return refusal;
    }
    if (!isHopByHop(kind) && kind !== FieldKind.contentLength) fields.push(name, value);
    start = lineEnd + 2;
  }
  return fields;
};

const without = (fields: readonly string[], lowerNames: readonly string[]): string[] => {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (!lowerNames.includes(name.toLowerCase())) kept.push(name, fields[i + 1] as string);
  }
  return kept;
};

/**
 * Heads of responses within `limits`.
 *
 * Tolerated: white space in front of a colon, which is removed; folded lines, whose folds become a space
 * (RFC 9112 §5.2); a status line without a reason; the same `Content-Length` more than once.
 */
export const responseHeads = (latin1: Latin1, limits: ResponseHeadLimits): HeadFormat<ResponseHead> => {
  const { headerBytes, headers } = limits;
  const scan = new HeadScan(headerBytes + headers * 4 + LINE_ALLOWANCE_BYTES, headers + 1);

  const parseLines = (text: string, ends: ArrayLike<number>, lines: number): ResponseHead | Refusal => {
    const line = parseStatusLine(text, ends[0] as number);
    if (isRefusal(line)) return line;
    if (lines - 1 > headers) return bad("too many header fields");
    const notes = newFieldNotes();
    const fields = readFields(text, ends, lines, notes);
    if (isRefusal(fields)) return fields;
    if (notes.bytes > headerBytes) return bad("header section too large");
    const problem = checkFraming(notes, line.version);
    if (problem !== undefined) return bad(problem.detail);
    settleNominated(notes, fields);
    return {
      status: line.status,
      reason: line.reason,
      version: line.version,
      fields: notes.nominated.length === 0 ? fields : without(fields, notes.nominated),
      notes,
    };
  };

  /** Undefined for a fold of the status line, which is none (RFC 9112 §2.2). */
  const parseUnfolded = (text: string): ResponseHead | Refusal | undefined => {
    if (text.search(HAS_FOLD) === scan.lineEnds[0]) return undefined;
    const unfolded = text.replaceAll(FOLDS, " ");
    const ends = lineEndsOf(unfolded);
    return parseLines(unfolded, ends, ends.length - 1);
  };

  const parse = (text: string): ResponseHead | Refusal => {
    const head = parseLines(text, scan.lineEnds, scan.lines);
    // A fold shows as a name that is none: folds are rare, so they are looked for only then.
    return isRefusal(head) && HAS_FOLD.test(text) ? (parseUnfolded(text) ?? head) : head;
  };

  const parseAgain = (
    text: string,
    lineEnd: number,
    last: ResponseHead,
  ): ReturnType<typeof parse> | undefined => {
    const line = parseStatusLine(text, lineEnd);
    if (isRefusal(line)) return line;
    const { status, reason, version } = line;
    // Whether `Transfer-Encoding` may be there depends on the version.
    return version === last.version
      ? { status, reason, version, fields: last.fields, notes: last.notes }
      : undefined;
  };

  return { latin1, scan, refuse: refuseResponse, parse, parseAgain };
};
