/** A slow side slows the other one down through TLS as well; nothing piles up in the proxy. */
import { once } from "node:events";
import { type AddressInfo, type Server, type Socket, createServer } from "node:net";
import { connect, createServer as createTlsServer } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Gate, Watched, within } from "../support/bound.ts";
import { certificate } from "../support/certificate.ts";
import { RUNTIMES, type RunningProxy, startProxy } from "../support/runtimes.ts";

const MIB = 1024 * 1024;
const TOTAL = 160 * MIB;
const PIECE = Buffer.alloc(64 * 1024, "x");
/** Sockets' own buffers on both sides of the proxy, generously. */
const IN_FLIGHT = 48 * MIB;
const GROWTH = 64 * MIB;
/** A writer that got no further for so long is held back. */
const STALL_MS = 700;

/** One end of what passes through the proxy. Reads a head, and nothing more until `release`. */
class End {
  readonly socket: Socket;
  readonly #head = new Gate();
  readonly #changes = new Watched();
  #text = "";
  #content = 0;
  #written = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => {});
    socket.on("data", (bytes: Buffer) => this.#read(bytes));
  }

  /** Resolves when a head has come; it reads nothing more from then on. */
  get head(): Promise<void> {
    return within(this.#head.opened, "a head");
  }

  get written(): number {
    return this.#written;
  }

  /** Writes `TOTAL` bytes as fast as they are taken. */
  async flood(): Promise<void> {
    while (this.#written < TOTAL && !this.socket.destroyed) {
      await new Promise<unknown>((resolve) => this.socket.write(PIECE, resolve));
      this.#written += PIECE.length;
      this.#changes.changed();
    }
  }

  /** Resolves when nothing more of the flood is taken, or all was. */
  async stalled(): Promise<void> {
    for (let before = -1; before < this.#written && this.#written < TOTAL;) {
      before = this.#written;
      const more = (): true | undefined => (this.#written > before ? true : undefined);
      await this.#changes.until(more, "progress", STALL_MS).catch(() => {});
    }
  }

  /** Reads on; resolves when `TOTAL` bytes have come. */
  async release(): Promise<void> {
    this.socket.resume();
    const all = (): true | undefined => (this.#content >= TOTAL ? true : undefined);
    await this.#changes.until(all, () => `all bytes; ${this.#content} came`, 30_000);
  }

  #read(bytes: Buffer): void {
    if (this.#text.includes("\r\n\r\n")) this.#content += bytes.length;
    else {
      this.#text += bytes.toString("latin1");
      const end = this.#text.indexOf("\r\n\r\n");
      if (end === -1) return;
      this.#content = this.#text.length - end - 4;
      this.socket.pause();
      this.#head.open();
    }
    this.#changes.changed();
  }
}

const OFFER = "Connection: Upgrade\r\nUpgrade: example/1\r\n";
const SWITCHED = `HTTP/1.1 101 Switching Protocols\r\n${OFFER}\r\n`;
const site = certificate({ hosts: ["localhost"] });

for (const runtime of RUNTIMES.filter((name) => name !== "workerd")) {
  describe(`backpressure through TLS on ${runtime}`, () => {
    let proxy: RunningProxy;
    const servers: Server[] = [];
    const sockets: Socket[] = [];
    let accepted: PromiseWithResolvers<End>;

    const listen = async (server: Server): Promise<number> => {
      servers.push(server.listen(0, "127.0.0.1"));
      await once(server, "listening");
      return (server.address() as AddressInfo).port;
    };

    const take = (socket: Socket): void => {
      sockets.push(socket);
      accepted.resolve(new End(socket));
    };

    const client = async (): Promise<End> => {
      const at = { port: proxy.port, host: "127.0.0.1" };
      const socket = connect({ ...at, servername: "localhost", rejectUnauthorized: false });
      sockets.push(socket);
      await within(once(socket, "secureConnect"), "a handshake");
      return new End(socket);
    };

    beforeAll(async () => {
      const plain = await listen(createServer(take));
      const tls = await listen(createTlsServer(site, take));
      proxy = await startProxy(runtime, {
        listen: { port: 0, host: "127.0.0.1", tls: site, limits: { bodyBytes: "unlimited" } },
        upstreams: {
          plain: `http://127.0.0.1:${plain}`,
          tls: { endpoints: `https://127.0.0.1:${tls}`, tls: { verify: false } },
        },
        routes: [
          { match: { path: "/warm" }, respond: { body: "warm" } },
          { match: { path: "/tls" }, upstream: "tls", upgrade: ["example/1"] },
          { upstream: "plain", upgrade: ["example/1"] },
        ],
      });
    });

    afterAll(async () => {
      await proxy.stop();
      for (const socket of sockets) socket.destroy();
      for (const server of servers) server.close();
    });

    /** Resident memory, once what the first connections take is there. */
    const settledRss = async (): Promise<number> => {
      for (let i = 0; i < 20; i++) {
        const { socket } = await client();
        socket.end("GET /warm HTTP/1.1\r\nHost: localhost\r\n\r\n");
        await within(once(socket.resume(), "close"), "the answer");
      }
      return proxy.child.rss();
    };

    /** Both ends behind the heads; `answer` is the origin's. */
    const opened = async (request: string, answer?: string): Promise<{ near: End; origin: End }> => {
      accepted = Promise.withResolvers();
      const near = await client();
      near.socket.write(request);
      const origin = await within(accepted.promise, "the request at the origin");
      await origin.head;
      if (answer !== undefined) {
        origin.socket.write(answer);
        await near.head;
      }
      return { near, origin };
    };

    const upload = `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${TOTAL}\r\n\r\n`;
    const download = "GET /tls HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const upgrade = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${OFFER}\r\n`;

    test.each<[what: string, from: "near" | "origin", request: string, answer?: string]>([
      ["upload to an origin that does not read", "near", upload],
      [
        "response of an https upstream to a client that does not read",
        "origin",
        download,
        `HTTP/1.1 200 OK\r\nContent-Length: ${TOTAL}\r\n\r\n`,
      ],
      ["tunnel to an origin that does not read", "near", upgrade("/"), SWITCHED],
      ["tunnel from an https upstream to a client that does not read", "origin", upgrade("/tls"), SWITCHED],
    ])("%s is held back, costs bounded memory, and arrives in the end", async (_, from, request, answer) => {
      const before = await settledRss();
      const ends = await opened(request, answer);
      const [writer, reader] = from === "near" ? [ends.near, ends.origin] : [ends.origin, ends.near];
      const written = writer.flood();
      await writer.stalled();
      expect(writer.written).toBeLessThan(IN_FLIGHT);
      expect(proxy.child.rss() - before).toBeLessThan(GROWTH);
      await reader.release();
      await written;
      for (const { socket } of Object.values(ends)) socket.destroy();
    });
  });
}
