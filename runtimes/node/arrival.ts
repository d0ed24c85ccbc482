/** Requests as Node's HTTP server parsed them, without a WHATWG object in between. */
import { IncomingMessage, ServerResponse } from "node:http";
import type { ArrivedBody, Arrival, Peer, RequestHead } from "../../src/core/arrival.ts";
import { type Cancellation, CancellationSource } from "../../src/core/cancellation.ts";
import { ProxyError } from "../../src/core/errors.ts";
import { peerOf } from "../../src/core/peer.ts";
import { webArrival } from "../../src/core/web-arrival.ts";
import { declaredLength, declaresContent } from "../../src/http/framing.ts";

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

/** Reads the server's own objects where they are there; any other `env` makes it a Web arrival. */
export const nodeArrival = (request: Request, env: unknown): Arrival =>
  isNodeEnv(env) ? new NodeArrival(request, env) : webArrival(request);

/** Nothing is computed before it is asked for. */
export class NodeArrival implements Arrival, RequestHead, ArrivedBody {
  readonly request: Request;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  #cancellation: CancellationSource | undefined;

  constructor(request: Request, { incoming, outgoing }: NodeEnv) {
    this.request = request;
    this.incoming = incoming;
    this.outgoing = outgoing;
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
    const { remoteAddress, remotePort } = this.incoming.socket;
    return peerOf(remoteAddress ?? "", remotePort);
  }

  get body(): ArrivedBody {
    return this;
  }
  get present(): boolean {
    return declaresContent(this.pairs);
  }
  get length(): number | undefined {
    return declaredLength(this.pairs);
  }
  stream(): ReadableStream<Uint8Array> | null {
    return this.present ? this.request.body : null;
  }

  get cancellation(): Cancellation {
    return (this.#cancellation ??= clientGone(this.outgoing));
  }
}

/** `outgoing` closes after each exchange; before its end that means that the client is gone. */
const clientGone = (outgoing: ServerResponse): CancellationSource => {
  const source = new CancellationSource();
  const closed = (): void => {
    if (!outgoing.writableFinished) source.cancel(new ProxyError("client-closed"));
  };
  if (outgoing.destroyed) closed();
  else outgoing.once("close", closed);
  return source;
};
