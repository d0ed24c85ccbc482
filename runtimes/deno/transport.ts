/** Upstream requests by Deno's `fetch`. */
import type { Endpoint } from "../../src/core/endpoint.ts";
import type { Clock, Transport } from "../../src/core/platform.ts";
import type { EditHeaders, HeaderEntries } from "../fetch/hooks.ts";
import { fetchTransport } from "../fetch/transport.ts";
import { type DenoClient, type DenoClientOptions, deno } from "./deno-types.ts";

const clientOptions = ({ socketPath, tls, pool }: Endpoint): DenoClientOptions => ({
  allowHost: true,
  // One protocol towards upstreams on every runtime.
  http2: false,
  poolMaxIdlePerHost: pool.connections,
  poolIdleTimeout: pool.keepAliveMs === 0 ? false : pool.keepAliveMs,
  ...(tls?.ca === undefined ? {} : { caCerts: [tls.ca] }),
  ...(tls?.cert === undefined ? {} : { cert: tls.cert }),
  ...(tls?.key === undefined ? {} : { key: tls.key }),
  ...(socketPath === undefined ? {} : { proxy: { transport: "unix", path: socketPath } }),
});

/**
 * Deno decodes gzip and brotli unless the first `Accept-Encoding` field is exactly `identity`. A second one says what
 * the client accepts, and the two are one list (RFC 9110 §5.3): encoded bodies come and go untouched.
 */
const acceptUntouched = (entries: HeaderEntries): void => {
  entries.unshift(["accept-encoding", "identity"]);
};

const respond = (
  upstream: Response,
  body: ReadableStream<Uint8Array> | null,
  edit: EditHeaders,
): Response => {
  const headers = new Headers(upstream.headers);
  edit(headers);
  return new Response(body, { status: upstream.status, headers });
};

export const denoTransport = (clock: Clock): Transport => {
  const clients = new Set<DenoClient>();
  return fetchTransport({
    clock,
    fetch,
    endpointInit(endpoint) {
      const client = deno().createHttpClient(clientOptions(endpoint));
      clients.add(client);
      return { client };
    },
    sendsHost: true,
    declaresLength: false,
    adjustFields: acceptUntouched,
    endsWithClient: true,
    respond,
    close() {
      for (const client of clients) client.close();
      clients.clear();
    },
  });
};
