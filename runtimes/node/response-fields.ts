/** The header section of a response, as node-server writes it. */
import type { IncomingHttpHeaders } from "node:http";
import { type HeaderEdits, type HeaderRecord, editRecord } from "../../src/http/header-edits.ts";
import { nominatedBy } from "../../src/http/headers.ts";

/** A field that occurs more than once is a list, whatever its type says. */
const inOneLine = (value: string | readonly string[]): string =>
  typeof value === "string" ? value : value.join(", ");

/** The classes of final statuses there are (RFC 9110 §15). */
const MIN_STATUS = 200;
const MAX_STATUS = 599;

/** Whether more responses follow one with this status. Behind a 101 it would be another protocol. */
export const isInterim = (status: number): boolean => status > 101 && status < MIN_STATUS;

/**
 * What makes a final response unfit to be passed on although the parser took it; undefined for nothing. In another transfer
 * coding than `chunked` (RFC 9112 §6.1) the parser hands over the coded bytes, which nobody behind it could tell from
 * the content.
 */
export const responseFlaw = (status: number, received: IncomingHttpHeaders): string | undefined => {
  if (status < MIN_STATUS || status > MAX_STATUS) return `status ${status}`;
  const coding = received["transfer-encoding"];
  return coding === undefined || coding === "chunked" || inOneLine(coding).toLowerCase() === "chunked"
    ? undefined
    : "a transfer coding other than chunked";
};

/**
 * `received` with `edits` applied, less what its `Connection` nominates.
 *
 * A plain record with lists for repeated fields: node-server writes it as it is. `Headers` would join the lists, so a
 * record that has one can also be iterated, which `Headers` prefers: each `Set-Cookie` stays a field of its own.
 */
export const responseFields = (
  received: IncomingHttpHeaders,
  edits: HeaderEdits,
  status: number,
): HeaderRecord => {
  const { connection } = received;
  const nominated = connection === undefined ? undefined : nominatedBy(inOneLine(connection));
  const record = editRecord(received, edits, nominated);
  // RFC 9110 §8.6 forbids it with 204, and 205 has no content it could measure. With a transfer coding it is not the
  // length (RFC 9112 §6.3).
  if (status === 204 || status === 205 || received["transfer-encoding"] !== undefined) {
    delete record["content-length"];
  }
  for (const name in record) {
    if (typeof record[name] !== "string") {
      Object.defineProperty(record, Symbol.iterator, { value: iterateFields });
      break;
    }
  }
  return record;
};

function* iterateFields(this: HeaderRecord): Generator<[string, string]> {
  for (const [name, value] of Object.entries(this)) {
    if (typeof value === "string") yield [name, value];
    else for (const each of value) yield [name, each];
  }
}
