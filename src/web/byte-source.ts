/** Web streams as byte sources. */
import type { ByteSink, ByteSource } from "../core/body.ts";
import { type ProxyError, asProxyError } from "../core/errors.ts";

/** What a stream's failure means to the sink. */
export type StreamFailure = (thrown: unknown) => ProxyError;

class StreamSource implements ByteSource {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #failure: StreamFailure;
  #sink: ByteSink | undefined;
  #pump: "idle" | "reading" | "paused" = "idle";

  constructor(stream: ReadableStream<Uint8Array>, failure: StreamFailure) {
    this.#reader = stream.getReader();
    this.#failure = failure;
  }

  start(sink: ByteSink): void {
    this.#sink = sink;
    void this.#read();
  }

  resume(): void {
    if (this.#pump === "paused") void this.#read();
  }

  cancel(reason: ProxyError): void {
    this.#sink = undefined;
    this.#reader.cancel(reason).catch(() => {});
  }

  /** Reads until the sink asks for a pause. Never rejects. */
  async #read(): Promise<void> {
    this.#pump = "reading";
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        const sink = this.#sink;
        if (sink === undefined) return;
        if (done) {
          this.#sink = undefined;
          sink.end([]);
          return;
        }
        if (value.byteLength > 0 && !sink.write(value)) {
          this.#pump = "paused";
          return;
        }
      }
    } catch (thrown) {
      const sink = this.#sink;
      this.#sink = undefined;
      sink?.fail(this.#failure(thrown));
    }
  }
}

/**
 * Reads `stream`, which nothing else may read.
 *
 * @param failure says what an error of the stream means, unless it is a `ProxyError`. @default a defect of the proxy
 */
export const byteSourceOf = (
  stream: ReadableStream<Uint8Array>,
  failure: StreamFailure = asProxyError,
): ByteSource => new StreamSource(stream, failure);
