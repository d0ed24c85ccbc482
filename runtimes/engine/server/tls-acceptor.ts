/** TLS on accepted connections: handshakes, certificates by name, certificates of clients. */
import type { Socket } from "node:net";
import { type Server, type TLSSocket, type TlsOptions, createServer } from "node:tls";
import type { ClientIdentity, ConnectionTls } from "../../../src/core/connection-tls.ts";
import type { TlsChallenges } from "../acme/challenge-board.ts";
import { PacedSocket } from "../paced-socket.ts";
import { challengeFront } from "./challenge-front.ts";
import { type VerifiedCertificates, identifyClient } from "./client-identity.ts";
import type { ServedTls } from "./served-tls.ts";
import { SessionNames } from "./session-names.ts";
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
  /** Whether TLS is put over a stream that can be paused, because the runtime's TLS can't. */
  readonly isPaced: boolean;
  /** The handshake is over. */
  readonly accepted: (secured: SecuredSocket) => void;
  /** A line for operators about a certificate that does not count. */
  readonly failed: (notice: string) => void;
  /** Somebody speaks plain HTTP here. */
  readonly plainHttp: () => void;
}

/** A connection after its handshake. */
export interface SecuredSocket {
  readonly socket: TLSSocket;
  /** Has the addresses and ports of both ends: `socket`, or the connection below it. */
  readonly addressed: Socket;
  readonly tls: ConnectionTls;
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
  const { tls, challenges, handshakeMs, verified, epoch, isPaced, accepted, failed, plainHttp } = options;
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
  const sessions = new SessionNames();
  const namesOf = (socket: TLSSocket): ReadonlySet<string> =>
    // One certificate has the same names whatever was asked for.
    certificates.namesFor(tls.certificates.length > 0 ? sessions.nameOf(socket) : "");
  const identify = (socket: TLSSocket): ClientIdentity =>
    tls.client === undefined ? NO_IDENTITY : identifyClient(socket, verified, epoch());
  const server = createServer(settings);
  server.on("secureConnection", function secured(this: PacedServer | Server, socket: TLSSocket) {
    const client = identify(socket);
    if (client.status === "unverified") failed(`a client's certificate does not count: ${client.reason}`);
    if (tls.client?.mode === "require" && client.status !== "verified") {
      socket.on("error", () => {});
      socket.destroy();
      return;
    }
    // Not earlier: a client that ends its side during the handshake has left, and its socket would stay open until the time limit.
    socket.allowHalfOpen = true;
    const paced = "paced" in this ? this.paced : undefined;
    paced?.paceBy(socket);
    accepted({
      socket,
      addressed: paced?.connection ?? socket,
      tls: new Facts(client, tls.checkHost ? namesOf(socket) : undefined),
    });
  });
  server.on("tlsClientError", (error, socket) => {
    socket.on("error", () => {});
    if (isPlainHttp(error)) plainHttp();
    socket.destroy();
  });
  const accept = isPaced
    ? (socket: Socket): void => acceptPaced(server, socket)
    : (socket: Socket): void => {
        socket.allowHalfOpen = false;
        server.emit("connection", socket);
      };
  return challenges === undefined
    ? accept
    : challengeFront({ challenges, others: accept, fallback: tls, handshakeMs });
};

/** Stands for the server in the events of one connection. */
interface PacedServer extends Server {
  readonly paced: PacedSocket;
}

/**
 * A `tls.Server` does not tell which stream a TLS socket was made of. But it emits `secureConnection` on the object on which
 * `connection` was emitted. So each connection gets an object of its own, with the stream, which listeners get as `this`.
 */
const acceptPaced = (server: Server, socket: Socket): void => {
  const paced = new PacedSocket(socket);
  // The TLS socket takes `allowHalfOpen` from its stream.
  paced.allowHalfOpen = false;
  const own = Object.create(server, { paced: { value: paced } }) as PacedServer;
  own.emit("connection", paced);
  paced.allowHalfOpen = true;
};

const NO_IDENTITY: ClientIdentity = Object.freeze({ status: "none" });

class Facts implements ConnectionTls {
  readonly client: ClientIdentity;
  readonly #names: ReadonlySet<string> | undefined;

  /** @param names of the certificate that the client got; undefined where hosts are not checked */
  constructor(client: ClientIdentity, names: ReadonlySet<string> | undefined) {
    this.client = client;
    this.#names = names;
  }

  covers(host: string): boolean {
    return this.#names === undefined || covers(this.#names, host);
  }
}
