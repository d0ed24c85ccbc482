/** Replies as Web-standard responses, made once and last, for servers that speak fetch. */
import { type Body, type ByteSource, cancelBody } from "../core/body.ts";
import { ProxyError } from "../core/errors.ts";
import { problemReply } from "../core/local-reply.ts";
import type { ReplyTarget } from "../core/platform.ts";
import { type HttpReply, type Reply, cancelTunnel } from "../core/reply.ts";
import { isContentless } from "../http/status.ts";
import { byteSourceOf } from "./byte-source.ts";
import { type FieldValues, LATIN1_VALUES } from "./field-values.ts";
import { headersOf } from "./headers-init.ts";
import { readableOf } from "./readable.ts";

export interface ResponseOptions {
  /** How `Headers` hold field values. @default one character a byte, as the standard has it */
  readonly values?: FieldValues | undefined;
  /**
   * Whether a runtime's own stream goes out without being looked at. Then it counts as sent when the response is made.
   * @default false
   */
  readonly passesThrough?: boolean | undefined;
}

const left = (): ProxyError => new ProxyError("client-closed", { detail: "client left during the response" });

const unwanted = (): ProxyError =>
  new ProxyError("internal", { detail: "content of a response that has none" });

/** The one response for `reply`. Its body is read as fast as the server reads it, and cancelled with it. */
export const responseOf = (reply: Reply, to: ReplyTarget, options: ResponseOptions = {}): Response => {
  if (reply.kind === "http") return httpResponse(reply, to, options);
  const { tunnel } = reply;
  if (tunnel.kind === "native") {
    to.ended(undefined, 0);
    return webSocketResponse(
      tunnel.webSocket,
      headersOf((options.values ?? LATIN1_VALUES).toSend(reply.fields)),
    );
  }
  const error = new ProxyError("not-implemented", {
    detail: "a switch of protocols, which this server can't pass on",
  });
  cancelTunnel(reply.tunnel, error);
  const { method } = to;
  return httpResponse(
    problemReply(error, "", []),
    { method, ended: (failure, bytes) => to.ended(failure ?? error, bytes) },
    options,
  );
};

/** Runtimes whose `fetch` hands out a WebSocket take it back in a `Response`. */
const webSocketResponse = (webSocket: unknown, headers: HeadersInit): Response =>
  new Response(null, { status: 101, headers, webSocket } as ResponseInit);

const httpResponse = (
  { status, fields, added, body, declaredLength }: HttpReply,
  to: ReplyTarget,
  { values = LATIN1_VALUES, passesThrough = false }: ResponseOptions,
): Response => {
  const hasContent = to.method !== "HEAD" && !isContentless(status);
  const length = hasContent
    ? lengthOf(body)
    : (declaredLength ?? (status === 304 ? undefined : lengthOf(body)));
  const sent = values.toSend(added === undefined ? fields : [...fields, ...added]);
  const headers = headersOf(
    length === undefined || status === 204 ? sent : [...sent, "content-length", String(length)],
  );
  if (!hasContent) {
    cancelBody(body, unwanted());
    to.ended(undefined, 0);
    return new Response(null, { status, headers });
  }
  switch (body.kind) {
    case "none":
      to.ended(undefined, 0);
      return new Response(null, { status, headers });
    case "bytes":
      to.ended(undefined, body.bytes.byteLength);
      // Content is never in memory that threads share.
      return new Response(body.bytes as Uint8Array<ArrayBuffer>, { status, headers });
    case "stream":
      return new Response(observed(body.source, to), { status, headers });
    case "native":
      if (!passesThrough) return new Response(observed(byteSourceOf(body.stream), to), { status, headers });
      to.ended(undefined, body.length ?? 0);
      return new Response(body.stream, { status, headers });
  }
};

const lengthOf = (body: Body): number | undefined => {
  switch (body.kind) {
    case "none":
      return undefined;
    case "bytes":
      return body.bytes.byteLength;
    case "stream":
    case "native":
      return body.length;
  }
};

const observed = (source: ByteSource, to: ReplyTarget): ReadableStream<Uint8Array> =>
  readableOf(source, { declined: left, ended: (error, bytes) => to.ended(error, bytes) });
