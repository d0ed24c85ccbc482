/** Upstream requests by Bun's `fetch`. */
import type { Endpoint, EndpointTls } from "../../src/core/endpoint.ts";
import type { Attempt } from "../../src/core/exchange.ts";
import type { Clock, Transport } from "../../src/core/platform.ts";
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
const respond = (
  upstream: Response,
  body: ReadableStream<Uint8Array> | null,
  edit: (headers: Headers) => void,
): Response => {
  edit(upstream.headers);
  if (body === upstream.body) return upstream;
  return new Response(body, { status: upstream.status, headers: upstream.headers });
};

export const bunTransport = (clock: Clock, mayBeQuiet: (attempt: Attempt, ms: number) => void): Transport =>
  fetchTransport({
    clock,
    fetch,
    endpointInit,
    sendsHost: true,
    declaresLength: true,
    endsWithClient: false,
    respond,
    mayBeQuiet,
  });
