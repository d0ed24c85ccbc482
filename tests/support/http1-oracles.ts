/**
 * What messages mean, by the grammar of RFC 9112 as regular expressions: slow, and written apart from
 * `src/http1`, so that the two can be held against each other. They know no limits.
 */
import { HOP_BY_HOP, nominatedBy } from "../../src/http/headers.ts";

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const REQUEST_LINE = new RegExp(`^(${TOKEN}) ([!-~\\x80-\\xff]+) HTTP/1\\.([01])$`);
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
const REQUEST_FIELD = new RegExp(`^(${TOKEN}):[\\t ]*((?:.*[^\\t ])?)[\\t ]*$`);
const RESPONSE_FIELD = new RegExp(`^(${TOKEN})[\\t ]*:[\\t ]*((?:.*[^\\t ])?)[\\t ]*$`);
const LINE = /^[\t\x20-\x7e\x80-\xff]*$/;

const valuesOf = (fields: readonly string[], name: string): string[] =>
  fields.filter((_, i) => i % 2 === 1 && fields[i - 1]?.toLowerCase() === name);

const parseFields = (lines: readonly string[], field: RegExp): string[] | undefined => {
  const matches = lines.map((line) => (LINE.test(line) ? field.exec(line) : null));
  return matches.includes(null) ? undefined : matches.flatMap((match) => match?.slice(1) ?? []);
};

/** The rules on several or odd framing fields that requests and responses share. */
const isFramed = (codings: readonly string[], lengths: readonly string[], version: string): boolean =>
  codings.length <= 1 &&
  codings.every((coding) => coding.toLowerCase() === "chunked" && version === "1.1") &&
  lengths.every((length) => /^\d{1,15}$/.test(length)) &&
  new Set(lengths.map(Number)).size <= 1 &&
  (codings.length === 0 || lengths.length === 0);

export interface RequestMeaning {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly fields: readonly string[];
}

/** What a request's head means, given what precedes its empty line; undefined if it must be refused. */
export const requestMeaning = (section: string): RequestMeaning | undefined => {
  const [first = "", ...lines] = section.replace(/^\r\n/, "").split("\r\n");
  const line = REQUEST_LINE.exec(first);
  const fields = parseFields(lines, REQUEST_FIELD);
  if (line === null || fields === undefined) return undefined;
  const version = `1.${line[3] ?? ""}`;
  const lengths = valuesOf(fields, "content-length");
  if (lengths.length > 1 || valuesOf(fields, "host").length > 1) return undefined;
  if (!isFramed(valuesOf(fields, "transfer-encoding"), lengths, version)) return undefined;
  return { method: line[1] ?? "", target: line[2] ?? "", version, fields };
};

export interface ResponseMeaning {
  readonly status: number;
  readonly reason: string;
  readonly version: string;
  /** End-to-end fields less `Content-Length`. */
  readonly fields: readonly string[];
}

/** What a response's head means, given what precedes its empty line; undefined if it must be refused. */
export const responseMeaning = (section: string): ResponseMeaning | undefined => {
  if (/^[^\r\n]*\r\n[\t ]/.test(section)) return undefined;
  const [first = "", ...lines] = section.replaceAll(/\r\n[\t ]+/g, " ").split("\r\n");
  const line = STATUS_LINE.exec(first);
  const fields = parseFields(lines, RESPONSE_FIELD);
  if (line === null || fields === undefined) return undefined;
  const version = `1.${line[1] ?? ""}`;
  const lengths = valuesOf(fields, "content-length").flatMap((value) => value.split(/[\t ]*,[\t ]*/));
  if (!isFramed(valuesOf(fields, "transfer-encoding"), lengths, version)) return undefined;
  const gone = new Set([
    ...HOP_BY_HOP,
    "content-length",
    ...valuesOf(fields, "connection").flatMap(nominatedBy),
  ]);
  const kept = fields.filter((_, i) => !gone.has((fields[i - (i % 2)] ?? "").toLowerCase()));
  return { status: Number(line[2]), reason: line[3] ?? "", version, fields: kept };
};

const QUOTED = '"(?:[\\t !\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t\\x20-\\x7e\\x80-\\xff])*"';
const EXTENSION = `[\\t ]*;[\\t ]*${TOKEN}(?:[\\t ]*=[\\t ]*(?:${TOKEN}|${QUOTED}))?`;
const CHUNK_LINE = new RegExp(`([0-9a-fA-F]+)(?:${EXTENSION})*\\r\\n`, "y");
const TRAILERS = new RegExp(`((?:${TOKEN}:[\\t\\x20-\\x7e\\x80-\\xff]*\\r\\n)*)\\r\\n`, "y");

export interface ChunkedMeaning {
  readonly data: string;
  /** Bytes behind the content. */
  readonly rest: string;
}

/** What chunked content holds; undefined if it is not complete or must be refused. */
export const chunkedMeaning = (text: string): ChunkedMeaning | undefined => {
  let data = "";
  let at = 0;
  for (;;) {
    CHUNK_LINE.lastIndex = at;
    const line = CHUNK_LINE.exec(text);
    if (line === null) return undefined;
    at += line[0].length;
    const size = Number.parseInt(line[1] ?? "", 16);
    if (size === 0) break;
    if (text.length < at + size + 2 || !text.startsWith("\r\n", at + size)) return undefined;
    data += text.slice(at, at + size);
    at += size + 2;
  }
  TRAILERS.lastIndex = at;
  const trailers = TRAILERS.exec(text);
  return trailers === null ? undefined : { data, rest: text.slice(at + trailers[0].length) };
};
