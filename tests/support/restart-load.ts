/** Requests and WebSockets through the command while new processes take over from old ones. */
import { once } from "node:events";
import { type Server, createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import type { ConfigInput } from "../../src/config/types.ts";
import type { CommandRuntime } from "./command.ts";
import { RestartedCommand } from "./restarted-command.ts";

export interface RestartLoad {
  readonly runtime: CommandRuntime;
  readonly upgrades: number;
  /** Connections that send one request after the other, each until it is told to close. @default 8 */
  readonly connections?: number;
  /** Clients that open a connection for each request. @default 8 */
  readonly visitors?: number;
  /** WebSockets, opened before the first upgrade. @default 10 */
  readonly sockets?: number;
  /** Requests between two upgrades, at least. */
  readonly requestsBetween: number;
  /** @default 1 */
  readonly threads?: number;
}

export interface RestartFigures {
  readonly requests: number;
  /** Requests without a whole 200 of the right content. */
  readonly failed: readonly string[];
  /** How many requests each version has answered, the first version first. */
  readonly byVersion: readonly number[];
  /** Codes that the WebSockets were closed with. */
  readonly closeCodes: readonly number[];
  /** Messages that came back on WebSockets. */
  readonly messages: number;
  /** What `fairlead upgrade` ended with. */
  readonly upgrades: readonly (number | null)[];
  /** How the first process ended. */
  readonly exitCode: number | null | undefined;
  readonly printed: string;
}

const BODY = "hello ".repeat(20);

/** Answers every request, and WebSockets with what they say. */
const startOrigin = async (): Promise<Server> => {
  const http = createServer({ keepAliveTimeout: 0 }, (_, response) => {
    response.setHeader("content-length", BODY.length);
    response.end(BODY);
  });
  new WebSocketServer({ server: http }).on("connection", (socket) => {
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
    socket.on("error", () => {});
  });
  await once(http.listen(0, "127.0.0.1"), "listening");
  return http;
};

const configOf = (version: number, port: number, threads: number): ConfigInput => ({
  threads,
  listen: { port: 0, host: "127.0.0.1", readyPath: "/ready", drain: { delay: "1s", timeout: "4s" } },
  admin: { port: 0 },
  log: { level: "warning" },
  upstreams: { main: `http://127.0.0.1:${port}` },
  routes: [{ upstream: "main", responseHeaders: { set: { "x-version": String(version) } } }],
});

interface Run {
  readonly port: number;
  isOver: boolean;
  requests: number;
  readonly failed: string[];
  readonly byVersion: number[];
}

const REQUEST = "GET /x HTTP/1.1\r\nHost: example.test\r\n";

/** Sends requests on a connection, `most` at most, until it is told to close or the run is over. */
const visit = (run: Run, most: number): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect({ port: run.port, host: "127.0.0.1", noDelay: true });
    let text = "";
    let left = most;
    let isWaiting = false;
    const next = (): void => {
      if (run.isOver || left === 0) {
        socket.destroy();
        return;
      }
      left -= 1;
      run.requests += 1;
      isWaiting = true;
      socket.write(`${REQUEST}${left === 0 ? "Connection: close\r\n" : ""}\r\n`);
    };
    socket.setEncoding("latin1").on("connect", next);
    socket.on("data", (piece: string) => {
      text += piece;
      if (!text.endsWith(`\r\n\r\n${BODY}`)) return;
      isWaiting = false;
      const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(text) ?? [];
      const [, version] = /^x-version: (\d+)\r$/im.exec(text) ?? [];
      if (status === "200") run.byVersion[Number(version)] = (run.byVersion[Number(version)] ?? 0) + 1;
      else run.failed.push(text.slice(0, 200));
      const closes = /^connection: close\r$/im.test(text);
      text = "";
      if (closes) socket.destroy();
      else next();
    });
    socket.on("error", (error) => {
      run.failed.push(String(error));
      isWaiting = false;
    });
    socket.on("close", () => {
      if (isWaiting) run.failed.push(`closed within a response: ${text.slice(0, 100)}`);
      resolve();
    });
  });

const clients = async (run: Run, count: number, most: number): Promise<void> => {
  const one = async (): Promise<void> => {
    while (!run.isOver) await visit(run, most);
  };
  await Promise.all(Array.from({ length: count }, one));
};

/** Says a number ten times a second, and hears it again, until it is closed. */
class Chat {
  readonly closed: Promise<number>;
  messages = 0;

  private constructor(socket: WebSocket) {
    let sent = 0;
    const timer = setInterval(() => {
      if (socket.readyState === WebSocket.OPEN) socket.send(String((sent += 1)));
    }, 100);
    socket.on("message", () => (this.messages += 1));
    socket.on("error", () => {});
    this.closed = new Promise((resolve) => {
      socket.on("close", (code) => {
        clearInterval(timer);
        resolve(code);
      });
    });
  }

  static async open(port: number): Promise<Chat> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/socket`);
    const chat = new Chat(socket);
    await once(socket, "open");
    return chat;
  }
}

/** Runs the load. Everything that it starts has ended when it resolves. */
export const restartUnderLoad = async (load: RestartLoad): Promise<RestartFigures> => {
  const { connections = 8, visitors = 8, sockets = 10, threads = 1, upgrades, requestsBetween } = load;
  const origin = await startOrigin();
  const originPort = (origin.address() as AddressInfo).port;
  const command = new RestartedCommand(load.runtime);
  try {
    command.write("fairlead.json", configOf(1, originPort, threads));
    await command.start();
    const run: Run = { port: command.port, isOver: false, requests: 0, failed: [], byVersion: [] };
    const chats: Chat[] = [];
    for (let i = 0; i < sockets; i += 1) chats.push(await Chat.open(command.port));
    const sent = Promise.all([
      clients(run, connections, Number.POSITIVE_INFINITY),
      clients(run, visitors, 1),
    ]);
    const some = async (): Promise<void> => {
      const until = run.requests + requestsBetween;
      while (run.requests < until) await new Promise((resolve) => void setTimeout(resolve, 5));
    };
    await some();
    const exitCodes: (number | null)[] = [];
    for (let version = 2; version <= upgrades + 1; version += 1) {
      command.write("fairlead.json", configOf(version, originPort, threads));
      exitCodes.push((await command.upgradeByCommand()).code);
      await some();
    }
    run.isOver = true;
    await sent;
    const closeCodes = await Promise.all(chats.map(({ closed }) => closed));
    await command.othersGone();
    return {
      requests: run.requests,
      failed: run.failed,
      byVersion: run.byVersion.slice(1),
      closeCodes,
      messages: chats.reduce((sum, { messages }) => sum + messages, 0),
      upgrades: exitCodes,
      exitCode: await command.end(),
      printed: command.printed,
    };
  } finally {
    await command.end();
    origin.closeAllConnections();
    origin.close();
  }
};
