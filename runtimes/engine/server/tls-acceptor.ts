/** TLS on accepted connections: handshakes, certificates by name, certificates of clients. */
import type { Socket } from "node:net";
import { type TLSSocket, type TlsOptions, createServer } from "node:tls";
import type { ClientIdentity, ConnectionTls } from "../../../src/core/connection-tls.ts";
import type { TlsChallenges } from "../acme/challenge-board.ts";
import { challengeFront } from "./challenge-front.ts";
import { type VerifiedCertificates, identifyClient } from "./client-identity.ts";
import type { ServedTls } from "./served-tls.ts";
import { ServerCertificates, contextOptions } from "./server-certificates.ts";
import { covers } from "./shown-names.ts";

export interface TlsAcceptorOptions {
  readonly tls: ServedTls;
  /** Answered before a handshake of `tls` begins. */
  readonly challenges: TlsChallenges | undefined;
  /** Time for a handshake; 0 is no limit. */
  readonly handshakeMs: number;
  /** By the authorities of `tls`. */
  readonly verified: VerifiedCertificates;
  /** Milliseconds since 1970. */
  readonly epoch: () => number;
  /** The handshake is over. */
  readonly accepted: (socket: TLSSocket, tls: ConnectionTls) => void;
  /** A line for operators about a certificate that does not count. */
  readonly failed: (notice: string) => void;
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
export const tlsAcceptor = (options: TlsAcceptorOptions): TlsAcceptor => {
  const { tls, challenges, handshakeMs, verified, epoch, accepted, failed, plainHttp } = options;
  const certificates = new ServerCertificates(tls);
  const settings: TlsOptions = {
    ...contextOptions(tls, tls),
    ALPNProtocols: ["http/1.1"],
    // Costs time for every handshake, so it is set only where there are several certificates.
    ...(tls.certificates.length > 0
      ? { SNICallback: (name, done) => done(null, certificates.find(name)) }
      : {}),
    ...(tls.client === undefined
      ? {}
      : { requestCert: true, rejectUnauthorized: tls.client.mode === "require" }),
    handshakeTimeout: handshakeMs === 0 ? NO_LIMIT_MS : handshakeMs,
    noDelay: true,
  };
  const identify = (socket: TLSSocket): ClientIdentity =>
    tls.client === undefined ? NO_IDENTITY : identifyClient(socket, verified, epoch());
  const server = createServer(settings, (socket) => {
    const client = identify(socket);
    if (client.status === "unverified") failed(`a client's certificate does not count: ${client.reason}`);
    if (tls.client?.mode === "require" && client.status !== "verified") {
      socket.on("error", () => {});
      socket.destroy();
      return;
    }
    // Not earlier: a client that ends its side during the handshake has left, and its socket would stay open until the time limit.
    socket.allowHalfOpen = true;
    accepted(socket, new Facts(socket, client, tls.checkHost ? certificates : undefined));
  });
  server.on("tlsClientError", (error, socket) => {
    socket.on("error", () => {});
    if (isPlainHttp(error)) plainHttp();
    socket.destroy();
  });
  const accept = (socket: Socket): void => {
    socket.allowHalfOpen = false;
    server.emit("connection", socket);
  };
  return challenges === undefined
    ? accept
    : challengeFront({ challenges, others: accept, fallback: tls, handshakeMs });
};

const NO_IDENTITY: ClientIdentity = Object.freeze({ status: "none" });

class Facts implements ConnectionTls {
  readonly client: ClientIdentity;
  readonly #names: ReadonlySet<string> | undefined;

  /** @param certificates undefined where hosts are not checked */
  constructor(socket: TLSSocket, client: ClientIdentity, certificates: ServerCertificates | undefined) {
    this.client = client;
    const name = serverNameOf(socket);
    // Node does not tell the name of a session of TLS 1.2 that is resumed.
    const isUnknown = name === "" && socket.isSessionReused();
    this.#names = isUnknown ? certificates?.allNames : certificates?.namesFor(name);
  }

  covers(host: string): boolean {
    return this.#names === undefined || covers(this.#names, host);
  }
}

/** Name that the client asked for (SNI); empty for none. */
const serverNameOf = (socket: TLSSocket): string => {
  const { servername } = socket as { readonly servername?: unknown };
  return typeof servername === "string" ? servername : "";
};
