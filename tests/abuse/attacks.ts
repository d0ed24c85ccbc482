/** What bad clients do, each until it is stopped. */
import { type Socket, connect } from "node:net";

/** A running attack. */
export interface Attack {
  readonly stop: () => Promise<void>;
}

const opened = (port: number, count: number, begin: (socket: Socket) => void): Socket[] =>
  Array.from({ length: count }, () => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.on("error", () => {});
    socket.once("connect", () => begin(socket));
    return socket;
  });

const stopping = (sockets: readonly Socket[], timers: readonly NodeJS.Timeout[] = []): Attack => ({
  stop: async () => {
    for (const timer of timers) clearInterval(timer);
    for (const socket of sockets) socket.destroy();
  },
});

const head = (line: string, ...fields: string[]): string =>
  `${[`${line} HTTP/1.1`, "Host: abuse.test", ...fields].join("\r\n")}\r\n`;

/** Uploads in chunks of one byte, as fast as they are taken. */
export const tinyChunks = (port: number, count: number): Attack => {
  const chunks = "1\r\nx\r\n".repeat(4096);
  return stopping(
    opened(port, count, (socket) => {
      socket.write(`${head("POST /", "Transfer-Encoding: chunked")}\r\n`);
      const more = (): void => {
        while (socket.write(chunks));
      };
      socket.on("drain", more);
      more();
    }),
  );
};

/** Reads a large response by a few bytes at a time. */
export const slowReaders = (port: number, count: number): Attack => {
  const sockets = opened(port, count, (socket) => {
    socket.write(`${head("GET /large")}\r\n`);
    socket.pause();
  });
  const timer = setInterval(() => {
    for (const socket of sockets) socket.read(1);
  }, 1_000);
  return stopping(sockets, [timer]);
};

/** Sends an upload by one byte a second. */
export const slowWriters = (port: number, count: number): Attack => {
  const sockets = opened(port, count, (socket) => {
    socket.write(`${head("POST /", "Content-Length: 100000")}\r\n`);
  });
  const timer = setInterval(() => {
    for (const socket of sockets) socket.write("x");
  }, 1_000);
  return stopping(sockets, [timer]);
};

/** Sends a head by one byte a second. */
export const slowHeaders = (port: number, count: number): Attack => {
  const sockets = opened(port, count, (socket) => void socket.write("GET / HTTP/1.1\r\n"));
  const timer = setInterval(() => {
    for (const socket of sockets) socket.write("a");
  }, 1_000);
  return stopping(sockets, [timer]);
};

/** Connections that do nothing. */
export const idle = (port: number, count: number): Attack => stopping(opened(port, count, () => {}));

/** WebSockets of which one side never reads what the other sends. */
export const unreadTunnels = (port: number, count: number): Attack =>
  stopping(
    opened(port, count, (socket) => {
      socket.write(
        `${head("GET /tunnel", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")}\r\n`,
      );
      socket.pause();
    }),
  );

/** One after the other: a connection, part of a request or a response, and away. */
export const churn = (port: number, atOnce: number): Attack => {
  const over = new AbortController();
  const worker = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await new Promise<void>((resolve) => {
        const socket = connect({ port, host: "127.0.0.1" });
        socket.on("error", () => {});
        socket.once("close", () => resolve());
        socket.once("connect", () => {
          socket.write(`${head("GET /large")}\r\n`);
          socket.once("data", () => socket.resetAndDestroy());
        });
        socket.setTimeout(5_000, () => socket.destroy());
      });
    }
  };
  const workers = Array.from({ length: atOnce }, worker);
  return {
    stop: async () => {
      over.abort();
      await Promise.all(workers);
    },
  };
};
