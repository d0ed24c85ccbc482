/** Heads of requests (RFC 9112 §2, §3, §5): read strictly, as the next server might read a sloppy one otherwise. */
import {
  type FieldNotes,
  checkFraming,
  newFieldNotes,
  noteField,
  settleNominated,
} from "../http/field-notes.ts";
import { isFieldName } from "../http/headers.ts";
import { forbiddenCharacter } from "./characters.ts";
import { type Refusal, refuse } from "./refusal.ts";

export interface RequestHeadLimits {
  /** Bytes of all names and values. */
  readonly headerBytes: number;
  /** Number of fields. */
  readonly headers: number;
  /** Bytes of the target. */
  readonly targetBytes: number;
}

/** A request's head. Treat it as immutable: a connection may hand out the same one for equal heads. */
export interface RequestHead {
  readonly method: string;
  /** As sent; without white space and controls. What it means is for `screen` to say. */
  readonly target: string;
  readonly version: "1.0" | "1.1";
  /** Name, value, …: all fields in order, names as spelt, values without white space around, a character a byte. */
  readonly fields: readonly string[];
  readonly notes: FieldNotes;
}

const bad = (detail: string): Refusal => refuse("bad-request", detail);

const TARGET = /^[^\t ]+$/;
const VERSION = / HTTP\/\d\.\d$/;

interface RequestLine {
  readonly method: string;
  readonly target: string;
  readonly version: "1.0" | "1.1";
}

const parseRequestLine = (line: string, targetBytes: number): RequestLine | Refusal => {
  const space = line.indexOf(" ");
  const version = line.endsWith(" HTTP/1.1") ? "1.1" : line.endsWith(" HTTP/1.0") ? "1.0" : undefined;
  if (version === undefined) {
    return VERSION.test(line)
      ? refuse("version-not-supported", "HTTP version other than 1.0 and 1.1 (RFC 9112 §2.3)")
      : bad("request line without a valid HTTP version (RFC 9112 §3)");
  }
  const method = line.slice(0, space);
  const target = line.slice(space + 1, -9);
  if (!isFieldName(method)) return bad("method is not a token (RFC 9110 §9.1)");
  if (target.length > targetBytes) return refuse("target-too-long", "target too long (RFC 9112 §3)");
  if (!TARGET.test(target)) return bad("request line is not method, target and version (RFC 9112 §3)");
  return { method, target, version };
};

/** The rule that a field line breaks whose name is not a token. */
const nameRule = (name: string, colon: number): string => {
  const first = name.charCodeAt(0);
  if (first === 32 || first === 9) return "obs-fold or white space before a field (RFC 9112 §5.2)";
  if (colon === -1) return "field line without a colon (RFC 9112 §5)";
  return /[\t ]$/.test(name)
    ? "white space between field name and colon (RFC 9112 §5.1)"
    : "field name is not a token (RFC 9110 §5.1)";
};

/**
 * Reads a request's head, without the empty line that ends it.
 *
 * Tolerated: one CRLF in front of the request line (RFC 9112 §2.2).
 */
export const parseRequestHead = (head: string, limits: RequestHeadLimits): RequestHead | Refusal => {
  const forbidden = forbiddenCharacter(head);
  if (forbidden !== undefined) return bad(forbidden);
  const text = head.startsWith("\r\n") ? head.slice(2) : head;
  const lines = text.split("\r\n");
  const start = parseRequestLine(lines[0] as string, limits.targetBytes);
  if ("detail" in start) return start;
  if (lines.length - 1 > limits.headers) return refuse("header-too-large", "too many header fields");
  const fields: string[] = [];
  const notes = newFieldNotes();
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i] as string;
    const colon = line.indexOf(":");
    const name = colon === -1 ? line : line.slice(0, colon);
    if (colon === -1 || !isFieldName(name)) return bad(nameRule(name, colon));
    const value = line.slice(colon + 1).replace(/^[\t ]+|[\t ]+$/g, "");
    const problem = noteField(notes, name, value);
    if (problem !== undefined) return refuse(problem.code, problem.detail);
    fields.push(name, value);
  }
  if (notes.bytes > limits.headerBytes) return refuse("header-too-large", "header section too large");
  const problem = checkFraming(notes, start.version);
  if (problem !== undefined) return refuse(problem.code, problem.detail);
  settleNominated(notes, fields);
  return { ...start, fields, notes };
};
