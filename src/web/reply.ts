/** Web-standard responses as replies. */
import { type Body, NO_BODY } from "../core/body.ts";
import type { HttpReply } from "../core/reply.ts";
import { HOP_BY_HOP } from "../http/headers.ts";
import { isContentless } from "../http/status.ts";

const LENGTH = /^\d{1,15}$/;

const lengthIn = (headers: Headers): number | undefined => {
  const length = headers.get("content-length");
  return length !== null && LENGTH.test(length) ? Number(length) : undefined;
};

/** `response` as a reply; its body goes on unread. */
export const replyOf = (response: Response, method: string): HttpReply => {
  const { status, headers } = response;
  const fields: string[] = [];
  headers.forEach((value, name) => {
    if (name !== "content-length" && !HOP_BY_HOP.has(name)) fields.push(name, value);
  });
  const length = lengthIn(headers);
  if (method === "HEAD" || isContentless(status)) {
    response.body?.cancel().catch(() => {});
    return { kind: "http", status, fields, body: NO_BODY, declaredLength: length };
  }
  const { body: stream } = response;
  const body: Body = stream === null ? NO_BODY : { kind: "native", length, stream };
  return { kind: "http", status, fields, body };
};
