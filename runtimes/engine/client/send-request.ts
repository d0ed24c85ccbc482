/** Writes an attempt's request: the head at once, and the content with it where it is at hand. */
import { Buffer } from "node:buffer";
import type { Body, ByteSink, ByteSource } from "../../../src/core/body.ts";
import type { Attempt } from "../../../src/core/exchange.ts";
import type { Clock } from "../../../src/core/platform.ts";
import { byteSourceOf } from "../../../src/web/byte-source.ts";
import type { Connection } from "./connection.ts";
import { type SentLength, requestHead } from "./request-head.ts";
import { Upload, type UploadOwner } from "./upload.ts";

/** Content in memory up to this size is taken for sent once it is written: the socket's own buffer holds it. */
const AT_ONCE_BYTES = 64 * 1024;
/** Up to this size copying content behind its head is cheaper than another write. */
const JOINED_BYTES = 32 * 1024;

export interface SendOptions {
  readonly attempt: Attempt;
  /** The attempt's, from its beginning. */
  readonly body: Body;
  readonly connection: Connection;
  readonly owner: UploadOwner;
  readonly clock: Clock;
}

/** @returns the content's way, where it is not over yet */
export const sendRequest = (options: SendOptions): Upload | undefined => {
  const { attempt, body, connection } = options;
  const { endpoint, exchange } = attempt;
  const expectsContinue = body.kind === "stream" && exchange.arrival.notes.expect !== undefined;
  const length = sentLength(body, attempt);
  const closes = endpoint.pool.keepAliveMs === 0;
  const { forwarded } = connection;
  const head = requestHead(attempt, { length, expectsContinue, closes, forwarded });
  if (body.kind === "none") {
    connection.write(head);
    return undefined;
  }
  if (body.kind === "bytes" && body.bytes.length <= AT_ONCE_BYTES) {
    if (body.bytes.length <= JOINED_BYTES) connection.write(together(head, body.bytes));
    else connection.writeAll([head, body.bytes], nothing);
    return undefined;
  }
  const upload = new Upload(options, typeof length === "number" ? length : undefined);
  if (expectsContinue) {
    connection.write(head);
    upload.hold(sourceOf(body));
  } else {
    upload.begin(head, sourceOf(body));
  }
  return upload;
};

/** No framing that the client did not send: a request without content says so only if its client did. */
const sentLength = (body: Body, { exchange }: Attempt): SentLength => {
  if (body.kind === "none") return exchange.arrival.notes.contentLength === 0 ? 0 : undefined;
  return body.kind === "bytes" ? body.bytes.length : (body.length ?? "chunked");
};

const nothing = (): void => {};

const together = (head: string, content: Uint8Array): Uint8Array => {
  const all = Buffer.allocUnsafe(head.length + content.length);
  all.set(content, all.write(head, "latin1"));
  return all;
};

const sourceOf = (body: Exclude<Body, { kind: "none" }>): ByteSource => {
  if (body.kind === "stream") return body.source;
  return body.kind === "native" ? byteSourceOf(body.stream) : memorySource(body.bytes);
};

const memorySource = (bytes: Uint8Array): ByteSource => ({
  start(sink: ByteSink) {
    sink.write(bytes);
    sink.end([]);
  },
  resume() {},
  cancel() {},
});
