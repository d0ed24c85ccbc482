/** What @hono/node-server tells of a request besides the `Request`: its public `HttpBindings`, which are Hono's `c.env`. */
import type { Peer } from "../../src/core/arrival.ts";
import { peerOf } from "../../src/core/peer.ts";
import type { ServerRequest } from "../../src/web/arrival.ts";

/** The little of `IncomingMessage` (HTTP/1.1 and HTTP/2) that is used here. */
interface Incoming {
  readonly httpVersion: string;
  readonly url?: string | undefined;
  readonly rawHeaders: readonly string[];
  readonly socket: {
    readonly remoteAddress?: string | undefined;
    readonly remotePort?: number | undefined;
    readonly localPort?: number | undefined;
  };
}

const incomingIn = (env: unknown): Incoming | undefined => {
  if (typeof env !== "object" || env === null || !("incoming" in env)) return undefined;
  const { incoming } = env;
  return typeof incoming === "object" && incoming !== null && "rawHeaders" in incoming && "socket" in incoming
    ? (incoming as Incoming)
    : undefined;
};

class NodeServerRequest implements ServerRequest {
  readonly #incoming: Incoming;

  constructor(incoming: Incoming) {
    this.#incoming = incoming;
  }

  peer(): Peer {
    const { remoteAddress, remotePort } = this.#incoming.socket;
    return peerOf(remoteAddress ?? "", remotePort);
  }
  get localPort(): number | undefined {
    return this.#incoming.socket.localPort;
  }
  get version(): string {
    return this.#incoming.httpVersion;
  }
  /** The pseudo-fields of HTTP/2 are no fields. */
  get rawFields(): readonly string[] | undefined {
    const { httpVersion, rawHeaders } = this.#incoming;
    return httpVersion.startsWith("1.") ? rawHeaders : undefined;
  }
  get rawTarget(): string | undefined {
    return this.#incoming.url;
  }
  /**
   * node-server makes its requests without a constructor, of a prototype of their own; whatever an app puts in the place of
   * one comes from a class.
   */
  isOriginal(request: Request): boolean {
    return !Object.hasOwn(Object.getPrototypeOf(request) as object, "constructor");
  }
}

export const nodeServerRequest = (_request: Request, env: unknown): ServerRequest | undefined => {
  const incoming = incomingIn(env);
  return incoming && new NodeServerRequest(incoming);
};
