/** An arrival read from a Web-standard `Request`: for runtimes whose server speaks fetch, and for tests. */
import { declaredLength } from "../http/framing.ts";
import { authorityOf, targetOf } from "../http/url-text.ts";
import type { ArrivedBody, Arrival, Peer, RequestHead } from "./arrival.ts";
import type { Cancellation } from "./cancellation.ts";
import { ProxyError } from "./errors.ts";
import { UNKNOWN_PEER } from "./peer.ts";
import { cancelledBy } from "./signal-cancellation.ts";

const bodyRead = (): ProxyError =>
  new ProxyError("internal", { detail: "the request body was read before it reached the proxy" });

/**
 * The content of `request` for the transport, which owns it. Null when there is none.
 *
 * @throws ProxyError `internal` when somebody read it before: what is left would be another message.
 */
export const unreadBody = (request: Request): ReadableStream<Uint8Array> | null => {
  const { body } = request;
  if (request.bodyUsed || body?.locked === true) throw bodyRead();
  return body;
};

/** The same, all of it at once. Rejects when the client breaks off. */
export const unreadBytes = (request: Request): Promise<Uint8Array<ArrayBuffer>> => {
  if (request.bodyUsed) throw bodyRead();
  return request.bytes();
};

const pairsOf = (headers: Headers): string[] => {
  const pairs: string[] = [];
  // Much cheaper than iterating, on Deno by a factor of eight.
  headers.forEach((value, name) => {
    pairs.push(name, value);
  });
  return pairs;
};

/**
 * What any `Request` tells. Nothing is computed before it is asked for; runtimes that know more, or know better, say so
 * in a class of their own.
 */
export class WebArrival implements Arrival, RequestHead, ArrivedBody {
  readonly request: Request;
  /** The request's, which runtimes make anew whenever it is asked for. */
  protected readonly url: string;
  #pairs: string[] | undefined;
  #peer: Peer | undefined;
  #cancellation: Cancellation | undefined;

  constructor(request: Request, peer?: Peer) {
    this.request = request;
    this.url = request.url;
    this.#peer = peer;
  }

  protected readPeer(): Peer {
    return UNKNOWN_PEER;
  }
  protected makeCancellation(): Cancellation {
    return cancelledBy(this.request.signal);
  }

  get head(): RequestHead {
    return this;
  }
  get method(): string {
    return this.request.method;
  }
  get scheme(): "http" | "https" {
    return this.url.startsWith("https:") ? "https" : "http";
  }
  get target(): string {
    const target = targetOf(this.url);
    const fragment = target.indexOf("#");
    return fragment === -1 ? target : target.slice(0, fragment);
  }
  get authority(): string | undefined {
    return authorityOf(this.url);
  }
  get pairs(): readonly string[] {
    return (this.#pairs ??= pairsOf(this.request.headers));
  }

  get body(): ArrivedBody {
    return this;
  }
  get present(): boolean {
    return this.request.body !== null;
  }
  get length(): number | undefined {
    return declaredLength(this.pairs);
  }
  stream(): ReadableStream<Uint8Array> | null {
    return unreadBody(this.request);
  }

  get peer(): Peer {
    return (this.#peer ??= this.readPeer());
  }
  get cancellation(): Cancellation {
    return (this.#cancellation ??= this.makeCancellation());
  }
}

/** Reads `request`. */
export const webArrival = (request: Request, peer?: Peer): Arrival => new WebArrival(request, peer);
