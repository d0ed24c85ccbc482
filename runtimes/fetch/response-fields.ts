/** Fields of a response as `fetch` shows them, less what concerns this hop or the form that the content had on it. */
import type { HeaderPairs } from "../../src/http/header-edits.ts";
import { HOP_BY_HOP, nominatedBy } from "../../src/http/headers.ts";
import type { TransportParts } from "./transport.ts";

export interface ResponseFields {
  readonly fields: HeaderPairs;
  /** Of the content as it is handed on; undefined where nothing tells. */
  readonly length: number | undefined;
  /** The content is handed on in a content coding. */
  readonly isEncoded: boolean;
}

const NONE: readonly string[] = Object.freeze([]);

const LENGTH = /^\d{1,15}$/;

/** Codings that every `fetch` decodes. Whether it knows further ones is not to be seen from outside. */
const DECODED: ReadonlySet<string> = new Set(["gzip", "x-gzip", "br"]);

/** Fields that describe the encoded bytes and no others. */
const OF_ENCODED: ReadonlySet<string> = new Set(["content-digest", "content-encoding", "content-md5"]);

/** Why a response is unfit to be passed on is in `flaw`. */
export const responseFields = (
  { headers }: Response,
  { values, keepsCodings }: TransportParts,
): ResponseFields | { readonly flaw: string } => {
  const transferCoding = headers.get("transfer-encoding");
  // Content in another transfer coding is the coded bytes, where the runtime lets it through at all (RFC 9112 §6.1).
  if (transferCoding !== null && transferCoding.toLowerCase() !== "chunked") {
    return { flaw: "transfer coding other than chunked" };
  }
  const coding = headers.get("content-encoding")?.toLowerCase();
  const isEncoded = coding !== undefined && coding !== "identity";
  const isDecoded = isEncoded && !keepsCodings;
  if (isDecoded && !DECODED.has(coding)) return { flaw: "content coding that was not asked for" };
  const connection = headers.get("connection");
  const nominated = connection === null ? NONE : nominatedBy(connection);
  const fields: string[] = [];
  // Much cheaper than iterating, on some runtimes by a factor of eight.
  headers.forEach((value, name) => {
    if (name === "content-length" || HOP_BY_HOP.has(name)) return;
    if (nominated.length > 0 && nominated.includes(name)) return;
    if (!isDecoded) fields.push(name, value);
    else if (name === "etag") fields.push(name, weakened(value));
    else if (!OF_ENCODED.has(name)) fields.push(name, value);
  });
  // Chunked framing overrides a length (RFC 9112 §6.3).
  const given = isDecoded || transferCoding !== null ? null : headers.get("content-length");
  const length = given !== null && LENGTH.test(given) ? Number(given) : undefined;
  return { fields: values.received(fields), length, isEncoded: isEncoded && !isDecoded };
};

/** The decoded content is equivalent, not the same byte for byte (RFC 9110 §8.8.1). */
const weakened = (etag: string): string => (etag.startsWith("W/") ? etag : `W/${etag}`);
