/** Upstream requests by Bun's `fetch`. */
import type { Endpoint, EndpointTls } from "../../src/core/endpoint.ts";
import type { Clock, Transport } from "../../src/core/platform.ts";
import { isContentless } from "../../src/http/status.ts";
import type { AtOnce, EditHeaders, FetchHooks, ShownBody } from "../fetch/hooks.ts";
import { fieldsRecord } from "../fetch/fields-record.ts";
import { fetchTransport } from "../fetch/transport.ts";

interface BunTls {
  rejectUnauthorized: boolean;
  ca?: string;
  cert?: string;
  key?: string;
  serverName?: string;
}

/** Beyond `RequestInit`. */
interface BunInit {
  readonly decompress: false;
  readonly unix?: string;
  readonly tls?: BunTls;
}

const tlsOf = (tls: EndpointTls): BunTls => {
  const options: BunTls = { rejectUnauthorized: tls.verify };
  if (tls.ca !== undefined) options.ca = tls.ca;
  if (tls.cert !== undefined) options.cert = tls.cert;
  if (tls.key !== undefined) options.key = tls.key;
  if (tls.serverName !== undefined) options.serverName = tls.serverName;
  return options;
};

const endpointInit = ({ socketPath, tls }: Endpoint): BunInit => ({
  decompress: false,
  ...(socketPath === undefined ? {} : { unix: socketPath }),
  ...(tls === undefined ? {} : { tls: tlsOf(tls) }),
});

/** A fetched response is edited and handed on as it is: its fields are mutable on Bun, and a copy costs more. */
const respond = (upstream: Response, body: ShownBody, edit: EditHeaders): Response => {
  const { status, headers } = upstream;
  edit(headers);
  if (body === "as it comes") return upstream;
  // Else Bun writes `Content-Length: 0`, which says something wrong in an answer to HEAD.
  if (body === null && !isContentless(status) && !headers.has("content-length")) {
    headers.set("transfer-encoding", "chunked");
  }
  return new Response(body, { status, headers });
};

/** Shorter content goes out together with its head anyway. */
const CORKED_BYTES = 12 * 1024;
/** Beyond that, Bun's own copying is faster. */
const AT_ONCE_BYTES = 256 * 1024;

/** Bun's own kind of stream: what is written before it ends leaves as a whole if it fits the high-water mark. */
interface DirectSource {
  readonly type: "direct";
  pull(sink: { write(content: Uint8Array): void; end(): void }): void;
}

/**
 * When a handler took time, Bun sends every word of a response's head by itself unless the content is short or a
 * stream. Streams it sends in chunks, without `Content-Length`, unless all is there before anything has gone out.
 */
const atOnce: AtOnce = {
  suits: (length, untyped) => (untyped || length > CORKED_BYTES) && length <= AT_ONCE_BYTES,
  streamOf(pieces, length) {
    const source: DirectSource = {
      type: "direct",
      pull(sink) {
        for (const piece of pieces) sink.write(piece);
        sink.end();
      },
    };
    return new ReadableStream(source as unknown as UnderlyingDefaultSource<Uint8Array>, {
      highWaterMark: length + 1,
    });
  },
};

export const bunTransport = (clock: Clock, server: Pick<FetchHooks, "mayBeQuiet" | "over">): Transport =>
  fetchTransport({
    clock,
    fetch,
    endpointInit,
    sendsHost: true,
    declaresLength: true,
    fieldsInit: fieldsRecord,
    contentOf: (content) => content ?? null,
    endsWithClient: false,
    addsType: true,
    atOnce,
    respond,
    repeatsUnanswered: false,
    ...server,
  });
