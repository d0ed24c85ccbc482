/** Upstream requests by a Worker's `fetch`. */
import type { Clock, Transport } from "../../src/core/platform.ts";
import type { EditHeaders } from "../fetch/hooks.ts";
import { fetchTransport } from "../fetch/transport.ts";

/**
 * Bodies stay encoded: workerd decodes only when somebody reads, and a body that goes out with the `Content-Encoding`
 * it came with is copied as it is.
 */
const respond = (
  upstream: Response,
  body: ReadableStream<Uint8Array> | null,
  edit: EditHeaders,
): Response => {
  const response = new Response(body, upstream);
  edit(response.headers);
  return response;
};

export const workersTransport = (clock: Clock): Transport =>
  fetchTransport({
    clock,
    fetch: (url, init) => fetch(url, init),
    endpointInit: () => ({}),
    sendsHost: false,
    declaresLength: false,
    endsWithClient: true,
    respond,
  });
