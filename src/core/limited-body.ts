/** A request body that fails once it is longer than allowed. */
import type { Body, ByteSink, ByteSource } from "./body.ts";
import { ProxyError } from "./errors.ts";
import type { HeaderPairs } from "../http/header-edits.ts";

const tooLarge = (maxBytes: number): ProxyError =>
  new ProxyError("body-too-large", { detail: `request body of more than ${maxBytes} bytes` });

class LimitedSource implements ByteSource, ByteSink {
  readonly #source: ByteSource;
  readonly #maxBytes: number;
  #sink: ByteSink | undefined;
  #bytes = 0;

  constructor(source: ByteSource, maxBytes: number) {
    this.#source = source;
    this.#maxBytes = maxBytes;
  }

  get givesMemory(): boolean {
    return this.#source.givesMemory === true;
  }

  start(sink: ByteSink): void {
    this.#sink = sink;
    this.#source.start(this);
  }
  resume(): void {
    this.#source.resume();
  }
  cancel(reason: ProxyError): void {
    this.#sink = undefined;
    this.#source.cancel(reason);
  }

  write(bytes: Uint8Array): boolean {
    const sink = this.#sink;
    if (sink === undefined) return false;
    this.#bytes += bytes.byteLength;
    if (this.#bytes <= this.#maxBytes) return sink.write(bytes);
    const error = tooLarge(this.#maxBytes);
    this.cancel(error);
    sink.fail(error);
    return false;
  }
  end(trailers: HeaderPairs): void {
    this.#sink?.end(trailers);
  }
  fail(error: ProxyError): void {
    this.#sink?.fail(error);
  }
}

const limitedStream = (stream: ReadableStream<Uint8Array>, maxBytes: number): ReadableStream<Uint8Array> => {
  let bytes = 0;
  return stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        if (bytes > maxBytes) controller.error(tooLarge(maxBytes));
        else controller.enqueue(chunk);
      },
    }),
  );
};

/**
 * `body`, failing with `body-too-large` once it is longer than `maxBytes`. A body whose length is known is looked at here
 * and then passed on as it is.
 *
 * @throws ProxyError `body-too-large` where the known length is over the limit.
 */
export const limitedBody = (body: Body, maxBytes: number): Body => {
  if (body.kind === "none" || maxBytes === Number.POSITIVE_INFINITY) return body;
  const length = body.kind === "bytes" ? body.bytes.byteLength : body.length;
  if (length !== undefined) {
    if (length > maxBytes) {
      throw new ProxyError("body-too-large", {
        detail: `request body of ${length} bytes, over the limit of ${maxBytes}`,
      });
    }
    return body;
  }
  if (body.kind === "stream") {
    return { kind: "stream", length: undefined, source: new LimitedSource(body.source, maxBytes) };
  }
  if (body.kind === "native") {
    return { kind: "native", length: undefined, stream: limitedStream(body.stream, maxBytes) };
  }
  return body;
};
