/** Which length of its content a response shows (RFC 9110 §8.6, RFC 9112 §6.3). */
import type { HttpReply } from "../../../src/core/reply.ts";
import type { BodyLength } from "../../../src/http1/body-length.ts";
import type { ResponseForm } from "./response-writer.ts";

/** What the framing fields say, which for HEAD and 304 is what a GET's content would be. */
export const shownLength = (
  { status, body, declaredLength }: HttpReply,
  { isHead, version }: Pick<ResponseForm, "isHead" | "version">,
): BodyLength => {
  if (status === 204) return "none";
  if (status === 205) return 0;
  if (isHead || status === 304) {
    return declaredLength ?? (body.kind === "bytes" ? body.bytes.byteLength : "none");
  }
  switch (body.kind) {
    case "none":
      return 0;
    case "bytes":
      return body.bytes.byteLength;
    case "stream":
    case "native":
      return body.length ?? (version === "1.1" ? "chunked" : "close");
  }
};
