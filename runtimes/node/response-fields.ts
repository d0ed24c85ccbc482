/** The header section of a response, as node-server writes it. */
import type { IncomingHttpHeaders } from "node:http";
import { type HeaderEdits, type HeaderRecord, editRecord } from "../../src/http/header-edits.ts";
import { nominatedBy } from "../../src/http/headers.ts";

/** Statuses without content (RFC 9110 §6.4.1), whatever the header section says. */
export const isBodiless = (method: string, status: number): boolean =>
  method === "HEAD" || status === 204 || status === 304;

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
  const record = editRecord(received, edits, connection === undefined ? undefined : nominatedBy(connection));
  // RFC 9110 §8.6 forbids it there. With a transfer coding it is not the length (RFC 9112 §6.3).
  if (status === 204 || received["transfer-encoding"] !== undefined) delete record["content-length"];
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
