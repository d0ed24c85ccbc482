/** `KubeApi` behind a socket. */
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { KubeApi } from "./kube-api.ts";

export class KubeServer {
  readonly api: KubeApi = new KubeApi();
  /** Values of Authorization. */
  readonly credentials: Set<string | undefined> = new Set();
  readonly #server: Server = createServer((request, response) => {
    this.credentials.add(request.headers.authorization);
    const answer = this.api.answer(request.url ?? "/");
    if (answer.kind === "whole") {
      response.writeHead(answer.status, { "content-type": "application/json" }).end(answer.body);
      return;
    }
    response.writeHead(200, { "content-type": "application/json" });
    const stream = { write: (text: string) => void response.write(text), end: () => void response.end() };
    response.on("close", () => this.api.left(stream));
    response.flushHeaders();
    answer.begin(stream);
  });

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
