/** How the end of a message's content is known (RFC 9112 §6.3). */
import type { FieldNotes } from "../http/field-notes.ts";

/**
 * - a number: that many bytes (`Content-Length`)
 * - `"none"`: no content, and no field that says so
 * - `"chunked"`: a last chunk (RFC 9112 §7.1)
 * - `"close"`: the connection's end; responses only
 */
export type BodyLength = number | "none" | "chunked" | "close";

/** A request's content. */
export const requestBodyLength = (notes: FieldNotes): BodyLength =>
  notes.chunked ? "chunked" : (notes.contentLength ?? "none");

/**
 * A response's content on the wire, whatever its fields say: `"none"` after HEAD and CONNECT and for 1xx,
 * 204 and 304. A `Content-Length` there speaks of what a GET would have had and stays in `notes`.
 */
export const responseBodyLength = (method: string, status: number, notes: FieldNotes): BodyLength => {
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return "none";
  if (method === "CONNECT" && status < 300) return "none";
  return notes.chunked ? "chunked" : (notes.contentLength ?? "close");
};
