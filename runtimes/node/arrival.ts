/** Requests as Node's HTTP server parsed them, without a WHATWG object in between where it can be. */
import { IncomingMessage, ServerResponse } from "node:http";
import type { ArrivedBody, Arrival, Peer, RequestHead } from "../../src/core/arrival.ts";
import { type Cancellation, CancellationSource } from "../../src/core/cancellation.ts";
import { ProxyError } from "../../src/core/errors.ts";
import { peerOf } from "../../src/core/peer.ts";
import { WebArrival, unreadBody, webArrival } from "../../src/core/web-arrival.ts";
import { declaredLength, declaresContent } from "../../src/http/framing.ts";
import { Outgoing } from "./outgoing.ts";

/** What @hono/node-server puts into Hono's `c.env`. */
export interface NodeEnv {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

const isNodeEnv = (env: unknown): env is NodeEnv =>
  typeof env === "object" &&
  env !== null &&
  "incoming" in env &&
  env.incoming instanceof IncomingMessage &&
  "outgoing" in env &&
  env.outgoing instanceof ServerResponse;

/** Reads the server's own objects where the app left `request` as they made it; a request of the app's own as it is. */
export const nodeArrival = (request: Request, env: unknown): Arrival => {
  if (!isNodeEnv(env)) return webArrival(request);
  return isAsServed(request) ? new NodeArrival(request, env) : new ReplacedArrival(request, env);
};

/**
 * node-server makes its requests without a constructor, of a prototype of their own; whatever an app puts in the place of
 * one comes from a class.
 */
const isAsServed = (request: Request): boolean =>
  !Object.hasOwn(Object.getPrototypeOf(request) as object, "constructor");

const peerAt = ({ socket: { remoteAddress, remotePort } }: IncomingMessage): Peer =>
  peerOf(remoteAddress ?? "", remotePort);

/** A request as it came in. Nothing is computed before it is asked for. */
export class NodeArrival implements Arrival, RequestHead, ArrivedBody {
  readonly request: Request;
  readonly incoming: IncomingMessage;
  readonly connection: ServerResponse;
  #cancellation: CancellationSource | undefined;

  constructor(request: Request, { incoming, outgoing }: NodeEnv) {
    this.request = request;
    this.incoming = incoming;
    this.connection = outgoing;
  }

  get head(): RequestHead {
    return this;
  }
  get method(): string {
    return this.incoming.method ?? "GET";
  }
  get scheme(): "http" | "https" {
    return "encrypted" in this.incoming.socket ? "https" : "http";
  }
  get target(): string {
    return this.incoming.url ?? "/";
  }
  get pairs(): readonly string[] {
    return this.incoming.rawHeaders;
  }
  get httpVersion(): string {
    return this.incoming.httpVersion;
  }

  get peer(): Peer {
    return peerAt(this.incoming);
  }

  get body(): ArrivedBody {
    return this;
  }
  get present(): boolean {
    return declaresContent(this.pairs);
  }
  /** Nobody has read the content or is about to: asking `request` for its body or a clone begins it. */
  get isUnread(): boolean {
    const { readableFlowing, readableDidRead } = this.incoming;
    return readableFlowing === null && !readableDidRead;
  }
  get length(): number | undefined {
    return declaredLength(this.pairs);
  }
  stream(): ReadableStream<Uint8Array> | null {
    return this.present ? unreadBody(this.request) : null;
  }

  get cancellation(): Cancellation {
    return (this.#cancellation ??= clientGone(this.connection));
  }
}

/**
 * A request that the app put in the place of the one that came in, on the client's connection. Its authority is `Host`:
 * the URL of a request that came without one bears a name that nobody gave.
 */
class ReplacedArrival extends WebArrival {
  readonly connection: ServerResponse;
  readonly #incoming: IncomingMessage;

  constructor(request: Request, { incoming, outgoing }: NodeEnv) {
    super(request);
    this.#incoming = incoming;
    this.connection = outgoing;
  }

  get httpVersion(): string {
    return this.#incoming.httpVersion;
  }
  override get authority(): undefined {
    return undefined;
  }
  /** node-server gives every request but GET and HEAD a stream, so there may be one with nothing in it. */
  override get present(): boolean {
    if (!super.present) return false;
    const { method, rawHeaders } = this.#incoming;
    return (
      declaresContent(this.pairs) || method === "GET" || method === "HEAD" || declaresContent(rawHeaders)
    );
  }
  protected override readPeer(): Peer {
    return peerAt(this.#incoming);
  }
  protected override makeCancellation(): Cancellation {
    return clientGone(this.connection);
  }
}

/** `outgoing` closes after each exchange; before its end that means that the client is gone, or refused. */
const clientGone = (outgoing: ServerResponse): CancellationSource => {
  const source = new CancellationSource();
  const closed = (): void => {
    if (outgoing.writableFinished) return;
    const refusal = outgoing instanceof Outgoing ? outgoing.refusal : undefined;
    source.cancel(refusal ?? new ProxyError("client-closed"));
  };
  if (outgoing.destroyed) closed();
  else outgoing.once("close", closed);
  return source;
};
