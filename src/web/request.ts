/** An exchange as a Web-standard request, for middleware in the middle of a route. */
import { type Body, cancelBody } from "../core/body.ts";
import type { Cancellation } from "../core/cancellation.ts";
import { ProxyError } from "../core/errors.ts";
import type { Exchange } from "../core/exchange.ts";
import { NO_EDITS, editPairs } from "../http/header-edits.ts";
import { headersOf } from "./headers-init.ts";
import { readableOf } from "./readable.ts";

export interface WebExchange {
  readonly request: Request;
  /** Whether nobody has begun to read the request's body, so that the exchange's own may be forwarded. */
  isUntouched(): boolean;
}

type StreamingInit = RequestInit & { duplex?: "half" };

const unread = (): ProxyError =>
  new ProxyError("internal", { detail: "middleware did not read the request body to its end" });

const streamOf = (body: Body): ReadableStream<Uint8Array> | undefined => {
  if (body.kind === "stream") return readableOf(body.source, { declined: unread });
  return body.kind === "native" ? body.stream : undefined;
};

const signalOf = (cancellation: Cancellation): AbortSignal => {
  const controller = new AbortController();
  cancellation.subscribe((reason) => controller.abort(reason));
  return controller.signal;
};

const isBodiless = (method: string): boolean => method === "GET" || method === "HEAD";

/**
 * The request as the client sent it, less the fields that must not be believed. Its body is the exchange's, so only one of
 * the two may be read. GET and HEAD requests have none.
 */
export const requestOf = (exchange: Exchange): WebExchange => {
  const { arrival, client, body, drop, target, cancellation } = exchange;
  const { method } = arrival;
  const init: StreamingInit = {
    method,
    headers: headersOf(editPairs(arrival.fields, NO_EDITS, drop)),
    signal: signalOf(cancellation),
  };
  let stream: ReadableStream<Uint8Array> | undefined;
  if (isBodiless(method)) cancelBody(body, unread());
  // Content is never in memory that threads share.
  else if (body.kind === "bytes") init.body = body.bytes as Uint8Array<ArrayBuffer>;
  else {
    stream = streamOf(body);
    if (stream !== undefined) {
      init.body = stream;
      init.duplex = "half";
    }
  }
  const host = client.host === "" ? "localhost" : client.host;
  const path = target === "*" ? "/*" : target;
  const request = new Request(`${arrival.scheme}://${host}${path}`, init);
  return { request, isUntouched: () => stream === undefined || (!stream.locked && !request.bodyUsed) };
};
