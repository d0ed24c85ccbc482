/** Replies that the proxy makes itself. */
import type { HeaderPairs } from "../http/header-edits.ts";
import { firstValue } from "../http/headers.ts";
import { renderProblem } from "../http/problem.ts";
import { isContentless } from "../http/status.ts";
import { NO_BODY } from "./body.ts";
import type { ProxyError } from "./errors.ts";
import type { HttpReply } from "./reply.ts";

const encoder = new TextEncoder();

/** `text` as the whole body; none where the status has no content. May be returned more than once. */
export const textReply = (status: number, fields: HeaderPairs, text: string): HttpReply => ({
  kind: "http",
  status,
  fields,
  body: isContentless(status) ? NO_BODY : { kind: "bytes", bytes: encoder.encode(text) },
});

/** Sent in place of 499, which is for logs, should anything still reach a client that left. */
const CLIENT_LEFT_STATUS = 408;

/**
 * The answer to a failed request: RFC 9457 JSON, or text or HTML by `Accept`, with status, code, title and
 * request id, and the trace's id where there is one. Never the error's message, cause or stack. Fields the error asks for (`Allow`, `Retry-After`) are in it.
 */
export const problemReply = (
  error: ProxyError,
  requestId: string | undefined,
  requestFields: HeaderPairs,
  traceId?: string,
): HttpReply => {
  const { status, title } = error.kind;
  if (error.code === "client-closed") return textReply(CLIENT_LEFT_STATUS, [], "");
  const problem = { status, code: error.code, title, requestId, traceId };
  const { contentType, body } = renderProblem(problem, firstValue(requestFields, "accept"));
  const fields = ["content-type", contentType, "cache-control", "no-store"];
  for (const [name, value] of Object.entries(error.headers ?? {})) fields.push(name, value);
  return textReply(status, fields, body);
};
