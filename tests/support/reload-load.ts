/** Requests and WebSockets through the command while its config is reloaded again and again. */
import { once } from "node:events";
import { type Server, createServer } from "node:http";
import { type AddressInfo, type Socket, connect } from "node:net";
import { performance } from "node:perf_hooks";
import { WebSocket, WebSocketServer } from "ws";
import type { ConfigInput } from "../../src/config/types.ts";
import type { Child } from "./child.ts";
import { CommandDirectory, type CommandRuntime } from "./command.ts";

export interface ReloadLoad {
  readonly runtime: CommandRuntime;
  /** While the config is reloaded. */
  readonly requests: number;
  readonly reloads: number;
  /** Requests before and after that, without a reload: half each. */
  readonly calmRequests: number;
  /** Threads that answer. @default one, without threads */
  readonly threads?: number | undefined;
  /** Connections that send requests. @default 16 */
  readonly connections?: number;
  /** WebSockets that stay open. @default 20 */
  readonly sockets?: number;
  /** No request begins after this time. @default no bound */
  readonly boundMs?: number;
}

export interface Latencies {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface ReloadFigures {
  readonly calm: Latencies;
  readonly during: Latencies;
  readonly reloads: number;
  /** Requests without a whole 200 of the right content. */
  readonly failed: readonly string[];
  /** Responses of a config that was no longer in effect when their requests began. */
  readonly stale: number;
  /** Connections that the proxy closed behind a response. */
  readonly reopened: number;
  readonly closedSockets: number;
  readonly messages: number;
  /** Resident memory in MiB: behind the calm, and after each tenth of the reloads. */
  readonly memory: readonly number[];
}

const BODY = "hello ".repeat(20);
const MIB = 1024 * 1024;

class Origin {
  readonly #http: Server;
  readonly #sockets: WebSocketServer;

  private constructor(http: Server) {
    this.#http = http;
    this.#sockets = new WebSocketServer({ server: http });
    this.#sockets.on("connection", (socket) => {
      socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
      socket.on("error", () => {});
    });
  }

  static async start(): Promise<Origin> {
    const http = createServer({ keepAliveTimeout: 0 }, (_, response) => {
      response.setHeader("content-length", BODY.length);
      response.end(BODY);
    });
    await once(http.listen(0, "127.0.0.1"), "listening");
    return new Origin(http);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  end(): void {
    for (const client of this.#sockets.clients) client.terminate();
    this.#http.closeAllConnections();
    this.#http.close();
  }
}

/** The config number `generation`; those with an even number have one endpoint less. */
const configOf = (
  generation: number,
  [first = "", second = ""]: readonly string[],
  threads: number | undefined,
): ConfigInput => ({
  ...(threads !== undefined && { threads }),
  listen: { port: 0, host: "127.0.0.1" },
  admin: { port: 0 },
  log: { level: "warning" },
  upstreams: {
    main: {
      endpoints: generation % 2 === 0 ? [first] : [first, second],
      health: { path: "/", interval: "1s" },
    },
  },
  routes: [
    { match: { path: "/socket" }, upstream: "main" },
    { upstream: "main", responseHeaders: { set: { "x-config": String(generation) } } },
  ],
});

/** What all clients share. */
interface Run {
  readonly port: number;
  /** The config that is known to be in effect. */
  generation: number;
  left: number;
  endsAt: number;
  readonly latencies: number[];
  readonly failed: string[];
  stale: number;
  reopened: number;
}

const REQUEST = "GET /x HTTP/1.1\r\nHost: example.test\r\n\r\n";
const HEAD_END = "\r\n\r\n";

/** One response, whole; undefined while more of it is to come. */
const responseIn = (
  text: string,
): { status: string; config: number; closes: boolean; length: number } | undefined => {
  const end = text.indexOf(HEAD_END);
  if (end === -1) return undefined;
  const head = text.slice(0, end).toLowerCase();
  const length = end + HEAD_END.length + Number(/content-length: (\d+)/.exec(head)?.[1] ?? 0);
  if (text.length < length) return undefined;
  return {
    status: head.slice(9, 12),
    config: Number(/x-config: (\d+)/.exec(head)?.[1] ?? -1),
    closes: head.includes("connection: close"),
    length,
  };
};

/** Sends one request after the other on a connection until none is left. Resolves when the connection is of no more use. */
const client = (run: Run): Promise<void> =>
  new Promise((resolve) => {
    const socket: Socket = connect({ port: run.port, host: "127.0.0.1", noDelay: true });
    let text = "";
    let begunAt = 0;
    let oldest = 0;
    let isWaiting = false;
    const next = (): void => {
      if (run.left <= 0 || performance.now() > run.endsAt) {
        socket.destroy();
        return;
      }
      run.left -= 1;
      oldest = run.generation;
      begunAt = performance.now();
      isWaiting = true;
      socket.write(REQUEST);
    };
    socket.setEncoding("latin1");
    socket.on("connect", next);
    socket.on("data", (piece: string) => {
      text += piece;
      const response = responseIn(text);
      if (response === undefined) return;
      isWaiting = false;
      run.latencies.push(performance.now() - begunAt);
      if (response.status !== "200" || !text.endsWith(BODY)) run.failed.push(text.slice(0, 200));
      else if (response.config < oldest) run.stale += 1;
      text = "";
      if (response.closes) {
        run.reopened += 1;
        socket.destroy();
      } else next();
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

const clients = async (run: Run, count: number): Promise<void> => {
  const one = async (): Promise<void> => {
    while (run.left > 0 && performance.now() < run.endsAt) await client(run);
  };
  await Promise.all(Array.from({ length: count }, one));
};

const quantile = (sorted: Float64Array, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

const latenciesOf = (run: Run, ms: number): Latencies => {
  const sorted = Float64Array.from(run.latencies).toSorted();
  return {
    requests: sorted.length,
    perSecond: Math.round((sorted.length / ms) * 1000),
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
  };
};

/** A WebSocket that sends a number ten times a second and checks that it comes back. */
class Chat {
  readonly #socket: WebSocket;
  readonly #timer: NodeJS.Timeout;
  messages = 0;
  isClosed = false;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    let sent = 0;
    this.#timer = setInterval(() => socket.send(String((sent += 1))), 100);
    socket.on("message", (data: Buffer) => {
      this.messages += 1;
      if (Number(data.toString()) !== this.messages) this.isClosed = true;
    });
    socket.on("close", () => (this.isClosed = true));
    socket.on("error", () => (this.isClosed = true));
  }

  static async open(port: number): Promise<Chat> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/socket`);
    await once(socket, "open");
    return new Chat(socket);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#socket.terminate();
  }
}

/** Reloads when so many requests have been sent that it is due. */
const reloading = async (
  load: ReloadLoad,
  { run, child, write }: { run: Run; child: Child; write: (generation: number) => void },
): Promise<{ reloads: number; memory: number[] }> => {
  const memory = [child.rss() / MIB];
  const each = load.requests / load.reloads;
  let reloads = 0;
  while (reloads < load.reloads && performance.now() < run.endsAt) {
    const due = load.requests - each * (reloads + 1);
    if (run.left > due && run.left > 0) {
      await new Promise((resolve) => void setTimeout(resolve, 1));
      continue;
    }
    if (run.left <= 0 && run.latencies.length >= load.requests) break;
    const generation = reloads + 2;
    write(generation);
    child.signal("SIGHUP");
    await child.printed(new RegExp(`\\(config ${generation}\\)`), 20_000);
    run.generation = generation;
    reloads += 1;
    if (reloads % Math.ceil(load.reloads / 10) === 0) memory.push(child.rss() / MIB);
  }
  return { reloads, memory };
};

/** Runs the load. Everything that it starts has ended when it resolves. */
export const reloadUnderLoad = async (load: ReloadLoad): Promise<ReloadFigures> => {
  const { connections = 16, sockets = 20, boundMs = Number.POSITIVE_INFINITY } = load;
  const origins = [await Origin.start(), await Origin.start()];
  const directory = new CommandDirectory(load.runtime);
  const chats: Chat[] = [];
  try {
    const write = (generation: number): void =>
      directory.write(
        "fairlead.json",
        configOf(
          generation,
          origins.map(({ url }) => url),
          load.threads,
        ),
      );
    write(1);
    const { child, port } = await directory.serve();
    for (let i = 0; i < sockets; i += 1) chats.push(await Chat.open(port));
    const endsAt = performance.now() + boundMs;
    const begin = (left: number): Run => ({
      port,
      generation: 1,
      left,
      endsAt,
      latencies: [],
      failed: [],
      stale: 0,
      reopened: 0,
    });
    // Compiles what is about to be measured.
    await clients(begin(Math.ceil(load.calmRequests / 5)), connections);
    const calm = begin(0);
    let calmMs = 0;
    const beCalm = async (): Promise<void> => {
      const at = performance.now();
      calm.left = Math.ceil(load.calmRequests / 2);
      calm.generation = run.generation;
      await clients(calm, connections);
      calmMs += performance.now() - at;
    };
    const run = begin(load.requests);
    await beCalm();
    const runAt = performance.now();
    const [{ reloads, memory }] = await Promise.all([
      reloading(load, { run, child, write }),
      clients(run, connections),
    ]);
    const during = latenciesOf(run, performance.now() - runAt);
    calm.endsAt = Number.POSITIVE_INFINITY;
    await beCalm();
    return {
      calm: latenciesOf(calm, calmMs),
      during,
      reloads,
      failed: [...calm.failed, ...run.failed],
      stale: run.stale,
      reopened: run.reopened,
      closedSockets: chats.filter(({ isClosed }) => isClosed).length,
      messages: chats.reduce((sum, { messages }) => sum + messages, 0),
      memory: memory.map(Math.round),
    };
  } finally {
    for (const chat of chats) chat.end();
    await directory.end();
    for (const origin of origins) origin.end();
  }
};
