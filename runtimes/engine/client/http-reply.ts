/** Responses as replies. */
import { type Body, NO_BODY } from "../../../src/core/body.ts";
import type { HttpReply } from "../../../src/core/reply.ts";
import { firstValue } from "../../../src/http/headers.ts";
import type { BodyLength } from "../../../src/http1/body-length.ts";
import type { ResponseHead } from "../../../src/http1/response-head.ts";
import type { ResponseBody } from "./response-body.ts";

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

/** Content that came whole with its head. @param hasOwnReads whether nothing else refers to the memory of `bytes` */
export const wholeBody = (bytes: Uint8Array, length: BodyLength, hasOwnReads: boolean): Body =>
  length === "none" ? NO_BODY : { kind: "bytes", bytes, givesMemory: length !== 0 && hasOwnReads };

/** Content that is still to come. */
export const streamedBody = (source: ResponseBody, length: BodyLength): Body => ({
  kind: "stream",
  length: typeof length === "number" ? length : undefined,
  source,
});

const EVENT_STREAM = /^text\/event-stream(?:[;\s]|$)/i;

/** Whether its content may be quiet for long. */
export const isEventStream = ({ fields }: ResponseHead): boolean =>
  EVENT_STREAM.test(firstValue(fields, "content-type") ?? "");
