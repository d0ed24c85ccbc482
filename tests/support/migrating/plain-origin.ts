/** An origin over `node:http`, which takes HTTP/1.0 too, as nginx speaks it. */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";

export interface Seen {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingMessage["headers"];
}

export type Answering = (request: IncomingMessage, response: ServerResponse) => void;

const plain: Answering = (_, response) => response.setHeader("Content-Length", 6).end("origin");

/** Records requests, answers 200 `origin` or what its script says, and echoes messages of WebSockets. */
export class PlainOrigin {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });
  /** Since the last time it was set. */
  seen: Seen[] = [];
  script: Answering = plain;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      const { method = "", url: target = "", headers } = request;
      this.seen.push({ method, target, headers });
      request.resume().once("end", () => this.script(request, response));
    });
    server.on("upgrade", (request: IncomingMessage, socket, head) => {
      this.#sockets.handleUpgrade(request, socket, head, (client) => {
        client.on("message", (text: Buffer) => client.send(`echo ${text.toString()}`));
      });
    });
  }

  static async start(): Promise<PlainOrigin> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new PlainOrigin(server);
  }

  reset(): void {
    this.seen = [];
    this.script = plain;
  }

  /** Connections are refused from now on. Idempotent. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    for (const client of this.#sockets.clients) client.terminate();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
