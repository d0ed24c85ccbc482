/** HTTPS in front of an ACME authority, which can answer in its stead: as one that is down, overloaded or broken does. */
import { Agent, type Server, createServer, request as httpsRequest } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { buffer } from "node:stream/consumers";
import { certificate } from "./certificate.ts";

export interface FrontAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An answer instead of the authority's; "hang up" closes the connection, undefined leaves the answer to the authority. */
export type Intercept = (method: string, path: string) => FrontAnswer | "hang up" | undefined;

const YEAR_MS = 31_536_000_000;

export class AuthorityFront {
  readonly #server: Server;
  readonly #agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
  readonly #port: number;
  /** Certificate that clients have to trust, PEM. */
  readonly ca: string;
  /** Method and path of all requests, and when they came, in monotonic milliseconds. */
  readonly requests: string[] = [];
  readonly times: number[] = [];
  /** Those that the authority did what they asked for: it refuses some, which are sent again with another nonce. */
  readonly #granted: string[] = [];
  intercept: Intercept = () => undefined;
  /** Added to what the directory holds. */
  directory: Readonly<Record<string, string>> = {};

  private constructor(port: number) {
    const own = certificate({ hosts: ["127.0.0.1"], to: Date.now() + YEAR_MS });
    this.ca = own.cert;
    this.#port = port;
    this.#server = createServer(own, (incoming, outgoing) => void this.#answer(incoming, outgoing));
  }

  /** In front of the authority at `port` of this machine. */
  static async start(port: number): Promise<AuthorityFront> {
    const front = new AuthorityFront(port);
    front.#server.listen(0, "127.0.0.1");
    await once(front.#server, "listening");
    return front;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Requests so far whose method and path begin with `start`. */
  count(start: string): number {
    return this.requests.filter((request) => request.startsWith(start)).length;
  }

  /** Orders that the authority has taken so far. */
  get orders(): number {
    return this.#granted.filter((request) => request === "POST /order-plz").length;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#agent.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = "", url = "" } = incoming;
    this.requests.push(`${method} ${url}`);
    this.times.push(performance.now());
    const answer = this.intercept(method, url);
    if (answer === "hang up") {
      incoming.socket.destroy();
      return;
    }
    if (answer !== undefined) {
      outgoing.writeHead(answer.status, answer.headers).end(answer.body);
      return;
    }
    const forwarded = httpsRequest({
      host: "127.0.0.1",
      port: this.#port,
      agent: this.#agent,
      method,
      path: url,
      // The authority makes its URLs of it.
      headers: { ...incoming.headers, host: new URL(this.url).host },
    });
    forwarded.end(await buffer(incoming));
    const [response] = (await once(forwarded, "response")) as [IncomingMessage];
    const body = await buffer(response);
    if ((response.statusCode ?? 502) < 400) this.#granted.push(`${method} ${url}`);
    const isDirectory = url === "/dir";
    const { "content-length": _, ...headers } = response.headers;
    outgoing
      .writeHead(response.statusCode ?? 502, headers)
      .end(
        isDirectory
          ? JSON.stringify({ ...(JSON.parse(body.toString()) as object), ...this.directory })
          : body,
      );
  }
}
