/** A request less what its reader must not see of it, made so that the request itself can still be forwarded. */
import { ProxyError } from "../src/core/errors.ts";

/** What is held back of a request. */
export interface Curbs {
  /** Lower-case names of fields. */
  readonly drop: readonly string[];
  /** Content beyond this many bytes; Infinity is no limit. */
  readonly maxBodyBytes: number;
}

export interface CurbedRequest extends Curbs {
  readonly request: Request;
  /** What `request` was made from. */
  readonly source: Request;
  /** Whether nobody has begun to read the content, so that `source` may be forwarded with the same curbs. */
  readonly untouched: () => boolean;
  /** Whether more came than was allowed. Runtimes may wrap the error that the reader met; this they can't hide. */
  readonly exceeded: () => boolean;
}

type StreamingInit = RequestInit & { duplex: "half" };

/**
 * `source` without the fields in `curbs.drop`, with a body that fails with `body-too-large` once more than
 * `curbs.maxBodyBytes` went through. Nothing is buffered, and nothing read before somebody reads the copy.
 */
export const curbRequest = (source: Request, curbs: Curbs, hasContent: boolean): CurbedRequest => {
  const headers = new Headers(source.headers);
  for (const name of curbs.drop) headers.delete(name);
  if (source.bodyUsed) return usedUp(source, curbs, headers);
  // The Fetch standard has no content for these.
  if (!hasContent || source.method === "GET" || source.method === "HEAD") {
    const request = copyOf(source, { headers });
    return { ...curbs, request, source, untouched: always, exceeded: never };
  }
  const content = new CountedContent(source, curbs.maxBodyBytes);
  const body = new ReadableStream<Uint8Array>(content, { highWaterMark: 0 });
  const init: StreamingInit = { headers, body, duplex: "half" };
  return {
    ...curbs,
    request: copyOf(source, init),
    source,
    untouched: () => !content.touched && !body.locked,
    exceeded: () => content.exceeded,
  };
};

const always = (): boolean => true;
const never = (): boolean => false;

/** The content is in Hono's cache or gone; the copy tells so, as its original does. */
const usedUp = (source: Request, curbs: Curbs, headers: Headers): CurbedRequest => {
  const request = copyOf(source, { headers, body: "" });
  void request.text();
  return { ...curbs, request, source, untouched: always, exceeded: never };
};

/**
 * Copied by hand: on Node the standard's way of copying begins to read the original's content. Requests that
 * have more to them than the standard knows (Workers' `cf`) are copied the standard's way, which keeps it.
 */
const copyOf = (source: Request, init: RequestInit): Request => {
  if ("cf" in source) return new Request(source, init);
  const { url, method, signal } = source;
  return new Request(url, { method, signal, ...init });
};

class CountedContent implements UnderlyingDefaultSource<Uint8Array> {
  readonly #source: Request;
  readonly #maxBytes: number;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #bytes = 0;
  touched = false;

  constructor(source: Request, maxBytes: number) {
    this.#source = source;
    this.#maxBytes = maxBytes;
  }

  get exceeded(): boolean {
    return this.#bytes > this.#maxBytes;
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const reader = this.#read();
    const piece = (await reader?.read())?.value;
    if (piece === undefined) {
      controller.close();
      return;
    }
    this.#bytes += piece.byteLength;
    if (!this.exceeded) {
      controller.enqueue(piece);
      return;
    }
    const error = new ProxyError("body-too-large");
    controller.error(error);
    await reader?.cancel(error);
  }

  async cancel(reason: unknown): Promise<void> {
    await this.#read()?.cancel(reason);
  }

  #read(): ReadableStreamDefaultReader<Uint8Array> | undefined {
    this.touched = true;
    return (this.#reader ??= this.#source.body?.getReader());
  }
}
