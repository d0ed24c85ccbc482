/** Heads of responses (RFC 9112 §4, §5): strict where framing is concerned, tolerant where a proxy has to be. */
import { FieldKind, fieldKind, isHopByHop } from "../http/field-kind.ts";
import {
  type FieldNotes,
  checkFraming,
  newFieldNotes,
  noteKind,
  settleNominated,
} from "../http/field-notes.ts";
import { isFieldName } from "../http/headers.ts";
import { forbiddenCharacter } from "./characters.ts";
import { type Refusal, refuse } from "./refusal.ts";

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
   * Name, value, …: end-to-end fields in order, names as spelt, values without white space around, a character a byte.
   * Hop-by-hop fields and those that `Connection` names are left out, and `Content-Length`: framing is
   * written anew by whoever sends the message, from `notes`.
   */
  readonly fields: readonly string[];
  readonly notes: FieldNotes;
}

const bad = (detail: string): Refusal => refuse("bad-upstream-response", detail);

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/;

/** Reads a response's head, without the empty line that ends it. */
export const parseResponseHead = (head: string, limits: ResponseHeadLimits): ResponseHead | Refusal => {
  const forbidden = forbiddenCharacter(head);
  if (forbidden !== undefined) return bad(forbidden);
  const lines = head.replaceAll(/\r\n[\t ]+/g, " ").split("\r\n");
  const start = STATUS_LINE.exec(lines[0] as string);
  if (start === null) return bad("malformed status line (RFC 9112 §4)");
  if (lines.length - 1 > limits.headers) return bad("too many header fields");
  const version = start[1] === "1" ? "1.1" : "1.0";
  const fields: string[] = [];
  const notes = newFieldNotes();
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i] as string;
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon)).replace(/[\t ]+$/, "");
    if (!isFieldName(name)) return bad("field name is not a token (RFC 9110 §5.1)");
    const value = line.slice(colon + 1).replace(/^[\t ]+|[\t ]+$/g, "");
    notes.bytes += name.length + value.length;
    const kind = fieldKind(name);
    const repeated = kind === FieldKind.contentLength && notes.contentLength === Number(value);
    if (kind === FieldKind.ordinary) fields.push(name, value);
    else if (kind !== FieldKind.host && !repeated) {
      const problem = noteKind(notes, kind, value);
      if (problem !== undefined) return bad(problem.detail);
      if (!isHopByHop(kind) && kind !== FieldKind.contentLength) fields.push(name, value);
    }
  }
  if (notes.bytes > limits.headerBytes) return bad("header section too large");
  const problem = checkFraming(notes, version);
  if (problem !== undefined) return bad(problem.detail);
  settleNominated(notes, fields);
  return { status: Number(start[2]), reason: start[3] ?? "", version, fields, notes };
};
