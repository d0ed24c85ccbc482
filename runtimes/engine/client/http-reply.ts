/** Responses as replies. */
import type { Body } from "../../../src/core/body.ts";
import type { HttpReply } from "../../../src/core/reply.ts";
import { firstValue } from "../../../src/http/headers.ts";
import type { BodyLength } from "../../../src/http1/body-length.ts";
import type { ResponseHead } from "../../../src/http1/response-head.ts";

/** A final head with its content. */
export const httpReply = (
  { status, fields, notes }: ResponseHead,
  length: BodyLength,
  body: Body,
): HttpReply => ({
  kind: "http",
  status,
  fields,
  body,
  declaredLength: length === "none" && status !== 204 ? notes.contentLength : undefined,
});

const EVENT_STREAM = /^text\/event-stream(?:[;\s]|$)/i;

/** Whether its content may be quiet for long. */
export const isEventStream = ({ fields }: ResponseHead): boolean =>
  EVENT_STREAM.test(firstValue(fields, "content-type") ?? "");
