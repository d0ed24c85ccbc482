/** What a message's content may be, and what its header section must say when a runtime changed it. */
import type { HeaderEdits } from "./header-edits.ts";

/** Whether a response has no content whatever its header section says (RFC 9110 §6.4.1, RFC 9112 §6.3). */
export const isContentless = (method: string, status: number): boolean =>
  method === "HEAD" || status === 204 || status === 205 || status === 304 || (status >= 100 && status < 200);

/** Fields that describe the encoded bytes (RFC 9110 §8.4, §8.6; RFC 9530). */
const OF_ENCODED_BYTES: readonly string[] = [
  "content-encoding",
  "content-length",
  "content-md5",
  "content-digest",
  "repr-digest",
  "digest",
];

const WITHOUT_ETAG: HeaderEdits = Object.freeze({
  drop: new Set(OF_ENCODED_BYTES),
  fallback: [],
  add: [],
});
const WITH_ETAG: ReadonlySet<string> = new Set([...OF_ENCODED_BYTES, "etag"]);

/**
 * Edits for a response whose content the runtime decoded: what described the encoded bytes goes, and a strong
 * `ETag` becomes weak, for the bytes are no longer those it was given to (RFC 9110 §8.8.1).
 *
 * Only for responses that had a `Content-Encoding` and content.
 *
 * @param etag value of the response's `ETag`.
 */
export const decodedBodyEdits = (etag: string | null | undefined): HeaderEdits =>
  etag === null || etag === undefined || etag.startsWith("W/")
    ? WITHOUT_ETAG
    : { drop: WITH_ETAG, fallback: [], add: ["etag", `W/${etag}`] };
