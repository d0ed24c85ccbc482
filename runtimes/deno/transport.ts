/** Upstream requests by Deno's `fetch`. */
import type { Endpoint } from "../../src/core/endpoint.ts";
import type { Clock, Transport } from "../../src/core/platform.ts";
import { IDEMPOTENT } from "../../src/http/method.ts";
import type { EditHeaders, ShownBody } from "../fetch/hooks.ts";
import { fetchTransport } from "../fetch/transport.ts";
import { type DenoClient, type DenoClientOptions, deno } from "./deno-types.ts";

const clientOptions = ({ tls, pool }: Endpoint): DenoClientOptions => ({
  allowHost: true,
  // One protocol towards upstreams on every runtime.
  http2: false,
  poolMaxIdlePerHost: pool.connections,
  poolIdleTimeout: pool.keepAliveMs === 0 ? false : pool.keepAliveMs,
  ...(tls?.cert === undefined ? {} : { cert: tls.cert }),
  ...(tls?.key === undefined ? {} : { key: tls.key }),
});

/**
 * Deno decodes gzip and brotli unless the first `Accept-Encoding` field is exactly `identity`. A second one says what
 * the client accepts, and the two are one list (RFC 9110 §5.3): encoded bodies come and go untouched.
 */
const acceptingUntouched = (pairs: readonly string[]): HeadersInit => {
  const entries: [string, string][] = [["accept-encoding", "identity"]];
  for (let i = 0; i < pairs.length; i += 2) entries.push([pairs[i] as string, pairs[i + 1] as string]);
  return entries;
};

/** More than Deno ever has of a request's content when its handler is called. */
const AT_HAND_BYTES = 512 * 1024;

/**
 * Deno sends a request again whose connection broke, whatever its method, unless its content is a stream. A blob is
 * one, and keeps its length.
 */
const sentOnce = (content: Uint8Array<ArrayBuffer> | undefined, method: string): BodyInit | null => {
  if (IDEMPOTENT.has(method)) return content ?? null;
  return content === undefined ? new Blob([]) : new Blob([content]);
};

/** Fields are edited on the new response: a `Headers` made by hand checks and folds every name twice. */
const respond = (upstream: Response, body: ShownBody, edit: EditHeaders): Response => {
  const { status, headers } = upstream;
  const shown = body === "as it comes" ? upstream.body : body;
  const response = new Response(shown, { status, headers });
  edit(response.headers);
  return response;
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
    gathers: (method, length) => length <= AT_HAND_BYTES && !IDEMPOTENT.has(method),
    contentOf: sentOnce,
    fieldsInit: acceptingUntouched,
    endsWithClient: true,
    respond,
    repeatsUnanswered: false,
    close() {
      for (const client of clients) client.close();
      clients.clear();
    },
  });
};
