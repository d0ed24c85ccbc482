/** Which connections carry another message (RFC 9112 §9.3). */
import type { FieldNotes } from "../http/field-notes.ts";
import type { BodyLength } from "./body-length.ts";

/**
 * Whether the connection may carry another exchange after this message, of which `version` and `notes` were
 * received: not if the sender says `close`, in HTTP/1.0 only if it says `keep-alive`, never behind content
 * that only the connection's end ends.
 */
export const persists = (version: "1.0" | "1.1", notes: FieldNotes, body: BodyLength): boolean => {
  if (notes.close || body === "close") return false;
  return version === "1.1" || notes.keepAlive;
};
