/** The content of a Web `Request`, read when its first reader asks for it. */
import { type Body, type ByteSink, type ByteSource, NO_BODY } from "../core/body.ts";
import { ProxyError } from "../core/errors.ts";
import { byteSourceOf } from "./byte-source.ts";

/** Sized content up to here is read in one go, which servers do at a fraction of the cost of a stream. */
const WHOLE_BYTES = 64 * 1024;

/** Content that can't be read is the client's fault: it left, or broke its own framing. */
const brokenOff = (thrown: unknown): ProxyError =>
  thrown instanceof ProxyError
    ? thrown
    : new ProxyError("client-closed", { detail: "request body broke off", cause: thrown });

/** Touches the request's stream only when it is started: on some servers a look at it begins to read. */
class RequestSource implements ByteSource {
  readonly #request: Request;
  readonly #length: number | undefined;
  #inner: ByteSource | undefined;
  #isCancelled = false;

  constructor(request: Request, length: number | undefined) {
    this.#request = request;
    this.#length = length;
  }

  start(sink: ByteSink): void {
    if (this.#isCancelled) return;
    if (this.#length !== undefined && this.#length <= WHOLE_BYTES) void this.#readWhole(sink, this.#length);
    else this.#stream(sink);
  }

  resume(): void {
    this.#inner?.resume();
  }

  cancel(reason: ProxyError): void {
    this.#isCancelled = true;
    this.#inner?.cancel(reason);
  }

  /** The sink takes it in one piece: it may not ask for less. */
  async #readWhole(sink: ByteSink, length: number): Promise<void> {
    try {
      const bytes = new Uint8Array(await this.#request.arrayBuffer());
      if (this.#isCancelled) return;
      if (bytes.byteLength !== length) throw new Error(`${bytes.byteLength} of ${length} bytes`);
      sink.write(bytes);
      if (!this.#isCancelled) sink.end([]);
    } catch (thrown) {
      if (!this.#isCancelled) sink.fail(brokenOff(thrown));
    }
  }

  #stream(sink: ByteSink): void {
    const { body } = this.#request;
    if (body === null) {
      sink.end([]);
      return;
    }
    try {
      this.#inner = byteSourceOf(body, brokenOff);
    } catch (thrown) {
      sink.fail(
        new ProxyError("internal", { detail: "the request body is being read already", cause: thrown }),
      );
      return;
    }
    this.#inner.start(sink);
  }
}

/**
 * @param length by the framing.
 * @param isNative whether sized content is handed on as the runtime's own stream, for it to copy. Content of unknown length has
 * to be counted, so it never is.
 */
export const requestBody = (request: Request, length: number | undefined, isNative: boolean): Body => {
  if (!isNative || length === undefined)
    return { kind: "stream", length, source: new RequestSource(request, length) };
  const { body } = request;
  return body === null ? NO_BODY : { kind: "native", length, stream: body };
};
