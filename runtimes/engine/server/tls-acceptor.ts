/** TLS on accepted connections: handshakes, certificates by name. */
import type { Socket } from "node:net";
import { type TLSSocket, type TlsOptions, createServer } from "node:tls";
import type { ListenTlsConfig } from "../../../src/config/types.ts";
import { ServerCertificates, contextOptions } from "./server-certificates.ts";

export interface TlsAcceptorOptions {
  readonly tls: ListenTlsConfig;
  /** Time for a handshake; 0 is no limit. */
  readonly handshakeMs: number;
  /** The handshake is over. */
  readonly accepted: (socket: TLSSocket) => void;
  /** Somebody speaks plain HTTP here. */
  readonly plainHttp: () => void;
}

/** Begins a handshake on a connection. */
export type TlsAcceptor = (socket: Socket) => void;

const NO_LIMIT_MS = 2_147_483_647;

/** What OpenSSL, BoringSSL and rustls call the first bytes of a plain HTTP request. */
const PLAIN_HTTP = /HTTP_REQUEST|InvalidContentType|WRONG_VERSION_NUMBER/i;

const isPlainHttp = (error: Error): boolean =>
  PLAIN_HTTP.test(error.message) || ("code" in error && PLAIN_HTTP.test(String(error.code)));

/**
 * Listens itself on nothing, so that the listener's socket stays open when certificates and other settings of TLS change: each
 * change makes another acceptor, and connections of the old one go on.
 *
 * @throws what the runtime says of a certificate that it can't use.
 */
export const tlsAcceptor = ({ tls, handshakeMs, accepted, plainHttp }: TlsAcceptorOptions): TlsAcceptor => {
  const certificates = new ServerCertificates(tls);
  const settings: TlsOptions = {
    ...contextOptions(tls, tls),
    ALPNProtocols: ["http/1.1"],
    // Costs time for every handshake, so it is set only where there are several certificates.
    ...(tls.certificates.length > 0
      ? { SNICallback: (name, done) => done(null, certificates.find(name)) }
      : {}),
    handshakeTimeout: handshakeMs === 0 ? NO_LIMIT_MS : handshakeMs,
    noDelay: true,
  };
  const server = createServer(settings, (socket) => {
    // Not earlier: a client that ends its side during the handshake has left, and its socket would stay open until the time limit.
    socket.allowHalfOpen = true;
    accepted(socket);
  });
  server.on("tlsClientError", (error, socket) => {
    socket.on("error", () => {});
    if (isPlainHttp(error)) plainHttp();
    socket.destroy();
  });
  return (socket) => {
    socket.allowHalfOpen = false;
    server.emit("connection", socket);
  };
};
