/**
 * What stands in front of a TLS listener while an authority checks names by TLS (RFC 8737).
 *
 * No runtime's TLS can choose a certificate by the protocol that a client asks for: the certificate is chosen before, or what
 * chooses later is shared between connections. So connections are accepted here, and handed to one of two TLS servers. While no
 * challenge is pending that is all; while one is, the first bytes of each are looked at.
 */
import { Buffer } from "node:buffer";
import { type Server, type Socket, createServer as createTcpServer } from "node:net";
import { type Server as TlsServer, createServer } from "node:tls";
import type { TlsChallenges } from "../acme/challenge-board.ts";
import type { PemPair } from "../../x509.ts";

export const ACME_PROTOCOL = "acme-tls/1";

/** As it stands in the list of protocols of a ClientHello, behind its length (RFC 7301 §3.1). */
const OFFERED = Buffer.from(`\n${ACME_PROTOCOL}`);

export interface ChallengeFrontOptions {
  readonly challenges: TlsChallenges;
  /** Takes all connections but those of authorities. It need not listen. */
  readonly server: TlsServer;
  /** For connections of authorities that ask for no name that is checked now. */
  readonly fallback: PemPair;
  /** Whether the connection may stay. */
  readonly admits: (socket: Socket) => boolean;
  /** Time for the first bytes; 0 is no limit. */
  readonly handshakeMs: number;
}

/** The server that listens. */
export const challengeFront = (options: ChallengeFrontOptions): Server => {
  const { challenges, server, admits } = options;
  const validation = validationServer(options);
  return createTcpServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    if (!admits(socket)) return;
    if (!challenges.isPending) {
      server.emit("connection", socket);
      return;
    }
    void helloOf(socket, options.handshakeMs).then((hello) => {
      if (hello === undefined) return socket.destroy();
      socket.unshift(hello);
      return (hello.includes(OFFERED) ? validation : server).emit("connection", socket);
    });
  });
};

/** Shows an authority its certificate, and ends the connection: no more is asked for. */
const validationServer = ({ challenges, fallback }: ChallengeFrontOptions): TlsServer => {
  const server = createServer(
    {
      ...fallback,
      ALPNProtocols: [ACME_PROTOCOL],
      SNICallback: (name, done) => done(null, challenges.find(name)),
    },
    (socket) => {
      socket.on("error", () => {});
      socket.resume().end();
    },
  );
  return server.on("tlsClientError", (_, socket) => {
    socket.on("error", () => {});
    socket.destroy();
  });
};

const HANDSHAKE = 0x16;
const HEADER_BYTES = 5;
/** A record of TLS, without encryption. */
const MAX_RECORD_BYTES = 16_384 + HEADER_BYTES;

/** Bytes that are there once `start`, the begin of a connection, holds its first record; 0 where it is not TLS. */
const wantedBytes = (start: Buffer): number => {
  if (start[0] !== HANDSHAKE) return 0;
  return start.length < HEADER_BYTES
    ? HEADER_BYTES
    : Math.min(HEADER_BYTES + start.readUInt16BE(HEADER_BYTES - 2), MAX_RECORD_BYTES);
};

/** The first record that a client sends; what there is where it is no TLS, and undefined where it does not arrive. */
const helloOf = (socket: Socket, limitMs: number): Promise<Buffer | undefined> =>
  new Promise((resolve) => {
    let start: Buffer = Buffer.alloc(0);
    const settle = (hello: Buffer | undefined): void => {
      clearTimeout(timer);
      for (const event of ["close", "end"]) socket.removeListener(event, gone);
      socket.removeListener("readable", look);
      resolve(hello);
    };
    const gone = (): void => settle(undefined);
    const look = (): void => {
      for (let chunk: unknown = socket.read(); chunk !== null; chunk = socket.read()) {
        start = Buffer.concat([start, chunk as Uint8Array]);
      }
      if (start.length > 0 && start.length >= wantedBytes(start)) settle(start);
    };
    const timer = limitMs === 0 ? undefined : setTimeout(gone, limitMs);
    socket.on("error", () => {});
    socket.once("close", gone).once("end", gone).on("readable", look);
  });
