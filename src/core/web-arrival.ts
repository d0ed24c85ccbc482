/** An arrival read from a Web-standard `Request`: for runtimes whose server speaks fetch, and for tests. */
import type { ArrivedBody, Arrival, Peer, RequestHead } from "./arrival.ts";
import { CancellationSource, type Cancellation } from "./cancellation.ts";
import { ProxyError } from "./errors.ts";

const UNKNOWN_PEER: Peer = Object.freeze({ address: "", port: undefined });

/** Path and query of an absolute URL, without building a `URL`. */
const targetOf = (url: string): string => {
  const authority = url.indexOf("//") + 2;
  const end = url.indexOf("#", authority);
  const cut = end === -1 ? url.length : end;
  for (let i = authority; i < cut; i++) {
    const code = url.charCodeAt(i);
    if (code === 47) return url.slice(i, cut);
    if (code === 63) return `/${url.slice(i, cut)}`;
  }
  return "/";
};

/** Authority of an absolute URL, without building a `URL`. */
const authorityOf = (url: string): string => {
  const start = url.indexOf("//") + 2;
  let end = start;
  for (; end < url.length; end++) {
    const code = url.charCodeAt(end);
    if (code === 47 || code === 63 || code === 35) break;
  }
  return url.slice(start, end);
};

const pairsOf = (headers: Headers): string[] => {
  const pairs: string[] = [];
  for (const [name, value] of headers) pairs.push(name, value);
  return pairs;
};

const cancellationOf = (signal: AbortSignal): Cancellation => {
  let source: CancellationSource | undefined;
  const start = (): CancellationSource => {
    if (source !== undefined) return source;
    const created = new CancellationSource();
    source = created;
    const fire = (): void =>
      created.cancel(new ProxyError("client-closed", { cause: signal.reason as unknown }));
    if (signal.aborted) fire();
    else signal.addEventListener("abort", fire, { once: true });
    return created;
  };
  return {
    get reason() {
      return signal.aborted ? start().reason : undefined;
    },
    subscribe: (listener) => start().subscribe(listener),
  };
};

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

const bodyRead = (): ProxyError =>
  new ProxyError("internal", { detail: "the request body was read before it reached the proxy" });

/** The same, all of it at once. Rejects when the client breaks off. */
export const unreadBytes = (request: Request): Promise<Uint8Array<ArrayBuffer>> => {
  if (request.bodyUsed) throw bodyRead();
  return request.bytes();
};

/** Reads `request`. Nothing is materialised before it is asked for. */
export const webArrival = (request: Request, peer: Peer = UNKNOWN_PEER): Arrival => {
  let pairs: string[] | undefined;
  const head: RequestHead = {
    method: request.method,
    scheme: request.url.startsWith("https:") ? "https" : "http",
    target: targetOf(request.url),
    get authority() {
      return authorityOf(request.url);
    },
    get pairs() {
      return (pairs ??= pairsOf(request.headers));
    },
  };
  const body: ArrivedBody = {
    get present() {
      return request.body !== null;
    },
    get length() {
      const value = request.headers.get("content-length");
      return value !== null && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
    },
    stream: () => unreadBody(request),
  };
  let cancellation: Cancellation | undefined;
  return {
    head,
    body,
    peer,
    request,
    get cancellation() {
      return (cancellation ??= cancellationOf(request.signal));
    },
  };
};
