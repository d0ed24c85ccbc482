/**
 * What stands in front of TLS while an authority checks names by it (RFC 8737).
 *
 * The runtimes don't agree in how a server may choose a certificate by the protocol that a client asks for (ALPN): on one the
 * choice comes too late, on another it lasts for later connections too. So while a challenge is pending, the first bytes of each
 * connection are looked at, and connections of an authority go to a TLS server that does nothing else.
 */
import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { createServer } from "node:tls";
import type { TlsChallenges } from "../acme/challenge-board.ts";
import type { TlsAcceptor } from "./tls-acceptor.ts";

const ACME_PROTOCOL = "acme-tls/1";

/** As it stands in a ClientHello, behind its length (RFC 7301 §3.1). */
const OFFERED = Buffer.from(`\n${ACME_PROTOCOL}`);

export interface ChallengeFrontOptions {
  readonly challenges: TlsChallenges;
  /** Takes all connections but those of authorities. */
  readonly others: TlsAcceptor;
  /** Certificate for authorities that ask for no name that is checked now, as PEM texts. */
  readonly fallback: { readonly cert: string; readonly key: string };
  /** Time for the first bytes; 0 is no limit. */
  readonly handshakeMs: number;
}

export const challengeFront = (options: ChallengeFrontOptions): TlsAcceptor => {
  const { challenges, others, handshakeMs } = options;
  const validate = validation(options);
  return (socket) => {
    if (!challenges.isPending) {
      others(socket);
      return;
    }
    readFirstRecord(socket, handshakeMs, (record) => {
      socket.unshift(record);
      (record.includes(OFFERED) ? validate : others)(socket);
    });
  };
};

/** Shows an authority its certificate, and ends the connection: no more is asked for. */
const validation = ({ challenges, fallback }: ChallengeFrontOptions): TlsAcceptor => {
  const server = createServer(
    {
      cert: fallback.cert,
      key: fallback.key,
      ALPNProtocols: [ACME_PROTOCOL],
      SNICallback: (name, done) => done(null, challenges.find(name)),
    },
    (socket) => {
      socket.on("error", () => {});
      socket.resume().end();
    },
  );
  server.on("tlsClientError", (_, socket) => {
    socket.on("error", () => {});
    socket.destroy();
  });
  return (socket) => {
    socket.allowHalfOpen = false;
    server.emit("connection", socket);
  };
};

const HANDSHAKE = 0x16;
const HEADER_BYTES = 5;
/** Of a record without encryption (RFC 8446 §5.1). */
const MAX_RECORD_BYTES = 16_384 + HEADER_BYTES;

/** How long the first record is that begins with `start`, as far as that is known; 0 where it is not TLS. */
const recordBytes = (start: Buffer): number => {
  if (start[0] !== HANDSHAKE) return 0;
  return start.length < HEADER_BYTES
    ? HEADER_BYTES
    : Math.min(HEADER_BYTES + start.readUInt16BE(HEADER_BYTES - 2), MAX_RECORD_BYTES);
};

/**
 * Calls `read` with the first record that a client sends and what came behind it, or with what there is where it is no TLS; in the
 * event that brought it, as runtimes begin TLS on bytes that were read only then. Ends connections that bring none.
 */
const readFirstRecord = (socket: Socket, limitMs: number, read: (record: Buffer) => void): void => {
  let start: Buffer = Buffer.alloc(0);
  const finish = (): void => {
    clearTimeout(timer);
    socket.off("close", finish).off("end", giveUp).off("readable", look);
  };
  const giveUp = (): void => {
    finish();
    socket.destroy();
  };
  const look = (): void => {
    for (let chunk: unknown = socket.read(); chunk !== null; chunk = socket.read()) {
      start = Buffer.concat([start, chunk as Uint8Array]);
    }
    if (start.length === 0 || start.length < recordBytes(start)) return;
    finish();
    read(start);
  };
  const timer = limitMs === 0 ? undefined : setTimeout(giveUp, limitMs);
  socket.on("error", () => {});
  socket.on("close", finish).on("end", giveUp).on("readable", look);
};
