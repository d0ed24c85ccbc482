/** How bad clients connect. */
import { type Socket, connect as connectPlain } from "node:net";
import { type ConnectionOptions, type TLSSocket, connect as connectTls } from "node:tls";

export interface Target {
  readonly port: number;
  /** Port that speaks TLS. */
  readonly tlsPort: number;
}

/** Closed connections leave their port behind for a while; there are more of them by further addresses. */
const ADDRESSES = 100;
let opened = 0;

const localAddress = (): string => `127.0.0.${2 + (opened++ % ADDRESSES)}`;

/** A connection to the plain port; one that breaks is told by `close` only. */
export const openPlain = ({ port }: Target): Socket =>
  connectPlain({ port, host: "127.0.0.1", localAddress: localAddress() })
    .setNoDelay(true)
    .on("error", () => {});

/** The same to the TLS port. `secureConnect` tells that the handshake is over. */
export const openTls = ({ tlsPort }: Target, options: ConnectionOptions = {}): TLSSocket => {
  const socket = connectPlain({ port: tlsPort, host: "127.0.0.1", localAddress: localAddress() });
  socket.setNoDelay(true).on("error", () => {});
  const secure = connectTls({ servername: "abuse.test", rejectUnauthorized: false, ...options, socket });
  return secure.on("error", () => {});
};

/** So many connections are on their way at once. */
const OPENING = 64;

export interface Crowd {
  /** All are in place. */
  readonly ready: Promise<void>;
  readonly stop: () => void;
}

/** Holds `count` connections open: whoever is thrown out comes back. `begin` runs on each connection that is up. */
export const crowd = (
  count: number,
  open: () => Socket,
  readyEvent: "connect" | "secureConnect",
  begin: (socket: Socket) => void,
): Crowd => {
  const sockets = new Set<Socket>();
  let isStopped = false;
  let waiting = count;
  let missing = count;
  let onReady: () => void = () => {};
  const ready = new Promise<void>((resolve) => (onReady = resolve));
  const next = (): void => {
    if (isStopped || waiting === 0) return;
    waiting -= 1;
    const socket = open();
    sockets.add(socket);
    let isUp = false;
    socket.once(readyEvent, () => {
      isUp = true;
      begin(socket);
      if (--missing === 0) onReady();
      next();
    });
    socket.once("close", () => {
      sockets.delete(socket);
      if (isUp) missing += 1;
      waiting += 1;
      setTimeout(next, 50);
    });
  };
  for (let i = 0; i < Math.min(OPENING, count); i++) next();
  return {
    ready,
    stop: () => {
      isStopped = true;
      for (const socket of sockets) socket.destroy();
    },
  };
};
