/** A runtime's own stream as a source of bytes. */
import type { ByteSink, ByteSource } from "../../../src/core/body.ts";
import { type ProxyError, asProxyError } from "../../../src/core/errors.ts";

const NO_TRAILERS: readonly string[] = Object.freeze([]);

/** Reads on only while the sink takes more. A stream that fails with something else than a `ProxyError` fails as `internal`. */
export const nativeSource = (stream: ReadableStream<Uint8Array>): ByteSource => new NativeSource(stream);

class NativeSource implements ByteSource {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #sink: ByteSink | undefined;
  #isReading = false;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  start(sink: ByteSink): void {
    this.#sink = sink;
    this.resume();
  }

  resume(): void {
    if (!this.#isReading) void this.#read();
  }

  cancel(reason: ProxyError): void {
    this.#sink = undefined;
    this.#reader.cancel(reason).catch(() => {});
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    try {
      for (;;) {
        const { value, done } = await this.#reader.read();
        if (done) {
          this.#take()?.end(NO_TRAILERS);
          return;
        }
        if (this.#sink === undefined) return;
        if (value.length > 0 && !this.#sink.write(value)) break;
      }
    } catch (error) {
      this.#take()?.fail(asProxyError(error));
    } finally {
      this.#isReading = false;
    }
  }

  /** The sink, for the last time. */
  #take(): ByteSink | undefined {
    const sink = this.#sink;
    this.#sink = undefined;
    return sink;
  }
}
