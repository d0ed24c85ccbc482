/**
 * An origin server made of a bare TCP socket: it records exactly what came and answers whatever a script says,
 * as slowly, early, wrongly or never as the script likes.
 */
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { BOUND_MS, Watched, within } from "./bound.ts";
import {
  type Framing,
  parseRequestHead,
  requestFraming,
  type Fields,
  type RequestText,
} from "./http-text.ts";
import { Ended, Wire } from "./wire.ts";

/** One request as the origin got it, and the means to answer it. */
export class OriginExchange {
  readonly wire: Wire;
  readonly head: RequestText;
  /** Request line and fields exactly as they came. */
  readonly section: string;
  /** Which of the origin's connections this came on, from 0. */
  readonly connection: number;
  /** Which of that connection's requests this is, from 0. */
  readonly turn: number;
  readonly framing: Framing;
  trailers: Fields | undefined;
  /** Sizes of the body's pieces as they were framed or arrived. */
  readonly pieces: number[] = [];
  #body: Promise<Buffer> | undefined;
  #bodyBytes = 0;
  readonly #progress: Watched = new Watched();

  constructor(wire: Wire, section: string, connection: number, turn: number) {
    this.wire = wire;
    this.section = section;
    this.head = parseRequestHead(section);
    this.framing = requestFraming(this.head);
    this.connection = connection;
    this.turn = turn;
  }

  header(name: string): string | undefined {
    return this.head.fields.get(name);
  }

  async #readBody(): Promise<Buffer> {
    const kept: Buffer[] = [];
    const pieces = this.wire.pieces(this.framing, (fields) => {
      this.trailers = fields;
    });
    for await (const piece of pieces) {
      this.pieces.push(piece.length);
      this.#bodyBytes += piece.length;
      if (this.#bodyBytes < 4 * 1024 * 1024) kept.push(piece);
      this.#progress.changed();
    }
    return Buffer.concat(kept);
  }

  /** Reads the whole body; rejects with `Ended` when the peer leaves first, `Malformed` when it is ill-framed. */
  body(): Promise<Buffer> {
    return (this.#body ??= this.#readBody());
  }

  /** Reads on and resolves once `bytes` bytes of the body came. */
  async bodyReceived(bytes: number): Promise<void> {
    const reading = this.body();
    reading.catch(() => this.#progress.changed());
    await this.#progress.until(
      () => (this.#bodyBytes >= bytes ? true : undefined),
      () => `${bytes} bytes of the request body; ${this.#bodyBytes} came`,
    );
  }

  get bodyBytes(): number {
    return this.#bodyBytes;
  }

  send(bytes: string | Uint8Array): Promise<void> {
    return this.wire.send(bytes);
  }

  /** A well-formed response with a length. `fields` are written as they are. */
  respond(
    status: number,
    fields: Readonly<Record<string, string>> = {},
    body: string | Uint8Array = "",
  ): Promise<void> {
    const bytes = typeof body === "string" ? Buffer.from(body) : Buffer.from(body);
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = `HTTP/1.1 ${status} Text\r\n${lines.join("")}Content-Length: ${bytes.length}\r\n\r\n`;
    return this.send(Buffer.concat([Buffer.from(head, "latin1"), bytes]));
  }
}

export type OriginScript = (exchange: OriginExchange) => Promise<void> | void;

const echo: OriginScript = async (exchange) => {
  await exchange.body();
  await exchange.respond(200, { "Content-Type": "text/plain" }, "origin");
};

export class RawOrigin {
  readonly port: number;
  readonly #server: Server;
  readonly #wires: Set<Wire> = new Set();
  readonly #changes: Watched = new Watched();
  #connections = 0;
  #script: OriginScript = echo;
  /** Every request since the last `reset`, in the order their heads were complete. */
  exchanges: OriginExchange[] = [];
  /** What went wrong in scripts or in what the peer sent. */
  failures: unknown[] = [];

  readonly host: string;

  private constructor(server: Server) {
    this.#server = server;
    ({ address: this.host, port: this.port } = server.address() as AddressInfo);
    server.on("connection", (socket) => void this.#serve(socket));
  }

  static async start(host: string = "127.0.0.1", port: number = 0): Promise<RawOrigin> {
    const server = createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve, reject) =>
      server.once("error", reject).listen({ port, host, backlog: 4096 }, resolve),
    );
    return new RawOrigin(server);
  }

  get url(): string {
    return `http://${this.host}:${this.port}`;
  }

  /** Connections accepted so far. */
  get connections(): number {
    return this.#connections;
  }

  /** Connections that are open on both sides. */
  get open(): number {
    return [...this.#wires].filter((wire) => wire.ending === undefined).length;
  }

  /** Request lines since the last reset. */
  get seen(): string[] {
    return this.exchanges.map(({ head }) => `${head.method} ${head.target}`);
  }

  /** From now on answers with `script`; by default 200 and the text `origin` once the body was read. */
  script(script: OriginScript): void {
    this.#script = script;
  }

  /** Forgets everything seen and answers by default again. */
  reset(): void {
    this.#script = echo;
    this.exchanges = [];
    this.failures = [];
  }

  /** The request number `index` (from 0) since the last reset, once its head is complete. */
  request(index: number = 0, boundMs: number = BOUND_MS): Promise<OriginExchange> {
    return this.#changes.until(
      () => this.exchanges[index],
      () =>
        `request ${index + 1} at the origin; ${this.exchanges.length} came, ${this.#connections} connections, failures ${String(this.failures)}`,
      boundMs,
    );
  }

  async #serve(socket: Socket): Promise<void> {
    const wire = new Wire(socket);
    // Tests bound what they wait for; the origin itself waits as long as it takes.
    wire.patienceMs = Infinity;
    const connection = this.#connections++;
    let { failures } = this;
    this.#wires.add(wire);
    socket.on("close", () => this.#wires.delete(wire));
    try {
      for (let turn = 0; ; turn++) {
        const section = await wire.headSection();
        if (section === undefined) break;
        const exchange = new OriginExchange(wire, section, connection, turn);
        ({ failures } = this);
        this.exchanges.push(exchange);
        this.#changes.changed();
        await this.#script(exchange);
        await exchange.body();
        if (socket.writableEnded || socket.destroyed) return;
      }
    } catch (error) {
      if (!(error instanceof Ended)) failures.push(error);
    }
    socket.end();
  }

  /** Resets every connection, so that nothing of one case reaches into the next. */
  dropConnections(): void {
    for (const wire of this.#wires) wire.reset();
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.dropConnections();
    await within(closed, "the origin to close");
  }
}
