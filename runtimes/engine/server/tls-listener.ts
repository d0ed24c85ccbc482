/** A listening socket that speaks TLS. */
import type { Socket } from "node:net";
import { type TLSSocket, type TlsOptions, createServer } from "node:tls";
import type { TlsChallenges } from "../acme/challenge-board.ts";
import { challengeFront } from "./challenge-front.ts";
import type { Listener } from "./listener.ts";
import type { ServedTls } from "./served-tls.ts";
import { ServerCertificates, contextOptions } from "./server-certificates.ts";

export interface TlsListenerOptions {
  readonly tls: ServedTls;
  /** Answers an authority that checks names by TLS. */
  readonly challenges?: TlsChallenges | undefined;
  /** Time for a handshake; 0 is no limit. */
  readonly handshakeMs: number;
  /** Connections open at once, handshakes included. */
  readonly connections: number;
  /** Whether the client may have one more. */
  readonly admits: (socket: Socket) => boolean;
  readonly accepted: (socket: TLSSocket) => void;
  /** A connection was closed at once. */
  readonly refused: () => void;
  /** Somebody speaks plain HTTP here. */
  readonly plainHttp: () => void;
}

const NO_LIMIT_MS = 2_147_483_647;

/** What OpenSSL, BoringSSL and rustls call the first bytes of a plain HTTP request. */
const PLAIN_HTTP = /HTTP_REQUEST|InvalidContentType|WRONG_VERSION_NUMBER/i;

const isPlainHttp = (error: Error): boolean =>
  PLAIN_HTTP.test(error.message) || ("code" in error && PLAIN_HTTP.test(String(error.code)));

/** @throws what the runtime says of a certificate that it can't use. */
export const tlsListener = (options: TlsListenerOptions): Listener => {
  const { tls, challenges, handshakeMs, connections, admits, accepted, refused, plainHttp } = options;
  let certificates = new ServerCertificates(tls);
  const open = new Set<Socket>();
  // SNICallback costs time for every handshake, so it is set only where there are several certificates.
  const hasSeveral = tls.certificates.length > 0;
  const settings: TlsOptions = {
    ...contextOptions(tls, tls),
    ALPNProtocols: ["http/1.1"],
    ...(hasSeveral ? { SNICallback: (name, done) => done(null, certificates.find(name)) } : {}),
    handshakeTimeout: handshakeMs === 0 ? NO_LIMIT_MS : handshakeMs,
    noDelay: true,
  };
  const server = createServer(settings, (socket) => {
    // Not earlier: a client that ends its side during the handshake has left, and its socket would stay open until the time limit.
    socket.allowHalfOpen = true;
    accepted(socket);
  });
  // Handshakes take memory and time before there is a connection to count.
  const admit = (socket: Socket): boolean => {
    if (open.size >= connections || !admits(socket)) {
      refused();
      socket.destroy();
      return false;
    }
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    return true;
  };
  if (challenges === undefined) server.on("connection", admit);
  server.on("tlsClientError", (error, socket) => {
    socket.on("error", () => {});
    if (isPlainHttp(error)) plainHttp();
    socket.destroy();
  });
  return {
    server:
      challenges === undefined
        ? server
        : challengeFront({ challenges, server, fallback: tls, admits: admit, handshakeMs }),
    prepare(next) {
      if (next === undefined) throw new TypeError("a listener with TLS needs a certificate");
      if (next.certificates.length > 0 && !hasSeveral)
        throw new TypeError("the first one of certificates takes a restart");
      const exchanged = new ServerCertificates(next);
      return () => {
        server.setSecureContext(contextOptions(next, next));
        certificates = exchanged;
      };
    },
    destroyUnaccepted() {
      for (const socket of open) socket.destroy();
    },
  };
};
