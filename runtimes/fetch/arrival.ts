/** Requests as a server that speaks fetch hands them over. */
import type { ArrivedBody, Arrival, Peer, RequestHead } from "../../src/core/arrival.ts";
import type { Cancellation } from "../../src/core/cancellation.ts";
import { firstValue } from "../../src/http/headers.ts";
import { unreadBody } from "../../src/core/web-arrival.ts";

const SLASH = 47;
const QUESTION_MARK = 63;
const HASH = 35;

/** Nothing is computed before it is asked for. */
export abstract class FetchArrival implements Arrival, RequestHead, ArrivedBody {
  readonly request: Request;
  readonly #url: string;
  #pairs: string[] | undefined;
  #peer: Peer | undefined;
  #cancellation: Cancellation | undefined;

  constructor(request: Request) {
    this.request = request;
    this.#url = request.url;
  }

  protected abstract readPeer(): Peer;
  protected abstract makeCancellation(): Cancellation;

  /**
   * Whether the URL's authority was read off the request line: it may differ from `Host`, which then is an error.
   * Otherwise it is made from `Host` and says nothing more.
   */
  protected get urlTellsAuthority(): boolean {
    return false;
  }

  get head(): RequestHead {
    return this;
  }
  get method(): string {
    return this.request.method;
  }
  get scheme(): "http" | "https" {
    return this.#url.startsWith("https:") ? "https" : "http";
  }
  get target(): string {
    return targetOf(this.#url);
  }
  /** For `screen`. Undefined without a `Host` field, as a server puts its own name there then. */
  get authority(): string | undefined {
    if (!this.urlTellsAuthority || firstValue(this.pairs, "host") === undefined) return undefined;
    return authorityOf(this.#url);
  }
  get pairs(): readonly string[] {
    return (this.#pairs ??= pairsOf(this.request.headers));
  }

  get body(): ArrivedBody {
    return this;
  }
  /** By the framing: a body object may be there without content, and missing with it (GET). */
  get present(): boolean {
    const length = firstValue(this.pairs, "content-length");
    return length === undefined ? firstValue(this.pairs, "transfer-encoding") !== undefined : length !== "0";
  }
  get length(): number | undefined {
    const value = firstValue(this.pairs, "content-length");
    return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
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

/** Path and query as the server wrote them into the URL, without building a `URL`. */
const targetOf = (url: string): string => {
  const scheme = url.indexOf("//");
  // A server that can't make sense of `Host` may leave the bare target.
  const start = scheme === -1 || url.charCodeAt(0) === SLASH ? 0 : scheme + 2;
  for (let i = start; i < url.length; i++) {
    const code = url.charCodeAt(i);
    // A fragment stays: no request line may have one, so whoever screens the target refuses it.
    if (code === SLASH) return url.slice(i);
    if (code === QUESTION_MARK || code === HASH) return `/${url.slice(i)}`;
  }
  return url.endsWith("*") ? "*" : "/";
};

const authorityOf = (url: string): string => {
  const start = url.indexOf("//") + 2;
  for (let i = start; i < url.length; i++) {
    const code = url.charCodeAt(i);
    if (code === SLASH || code === QUESTION_MARK || code === HASH) return url.slice(start, i);
  }
  return url.slice(start);
};

const pairsOf = (headers: Headers): string[] => {
  const pairs: string[] = [];
  // Much cheaper than iterating, on Deno by a factor of eight.
  headers.forEach((value, name) => {
    pairs.push(name, value);
  });
  return pairs;
};

/** A peer whose address may be written as IPv4 in IPv6 (`::ffff:192.0.2.1`) or with a zone (`fe80::1%eth0`). */
export const peerOf = (address: string, port: number | undefined): Peer => {
  const mapped = address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
  const zone = mapped.indexOf("%");
  return { address: zone === -1 ? mapped : mapped.slice(0, zone), port };
};
