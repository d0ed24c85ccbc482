/** Byte sources as Web streams. */
import type { ByteSink, ByteSource } from "../core/body.ts";
import { ProxyError } from "../core/errors.ts";
import type { HeaderPairs } from "../http/header-edits.ts";

/** Follows the stream that `readableOf` makes. */
export interface ReadableWatch {
  /** Why the source is cancelled when the stream's reader wants no more. */
  declined(): ProxyError;
  /**
   * Called once: when all of the source went into the stream, or with the reason why it did not.
   *
   * @param bytes that went into it.
   */
  ended?(error: ProxyError | undefined, bytes: number): void;
}

/** Starts the source with the first read, and holds it up while nobody reads. */
class SourceStream implements UnderlyingDefaultSource<Uint8Array>, ByteSink {
  readonly #source: ByteSource;
  readonly #watch: ReadableWatch;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #state: "new" | "flowing" | "paused" | "over" = "new";
  /** The stream has asked for more since the last piece. */
  #asked = false;
  #bytes = 0;

  constructor(source: ByteSource, watch: ReadableWatch) {
    this.#source = source;
    this.#watch = watch;
  }

  pull(controller: ReadableStreamDefaultController<Uint8Array>): void {
    if (this.#state === "new") {
      this.#controller = controller;
      this.#state = "flowing";
      this.#source.start(this);
    } else if (this.#state === "paused") {
      this.#state = "flowing";
      this.#source.resume();
    } else this.#asked = true;
  }

  cancel(): void {
    if (this.#state === "over") return;
    const reason = this.#watch.declined();
    this.#state = "over";
    this.#source.cancel(reason);
    this.#watch.ended?.(reason, this.#bytes);
  }

  write(bytes: Uint8Array): boolean {
    const controller = this.#controller;
    if (this.#state === "over" || controller === undefined) return false;
    this.#bytes += bytes.byteLength;
    this.#asked = false;
    controller.enqueue(bytes);
    // A reader that waits for several pieces has called `pull` meanwhile.
    if (this.#asked) return true;
    this.#state = "paused";
    return false;
  }

  end(_trailers: HeaderPairs): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#controller?.close();
    this.#watch.ended?.(undefined, this.#bytes);
  }

  fail(error: ProxyError): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#controller?.error(error);
    this.#watch.ended?.(error, this.#bytes);
  }
}

const unwanted: ReadableWatch = {
  declined: () => new ProxyError("client-closed", { detail: "the body is no longer wanted" }),
};

/**
 * `source` as a stream: started by its first reader, as fast as that one reads. Trailers are left out.
 *
 * @param aheadBytes read before they are asked for. @default 0
 */
export const readableOf = (
  source: ByteSource,
  watch: ReadableWatch = unwanted,
  aheadBytes = 0,
): ReadableStream<Uint8Array> =>
  new ReadableStream<Uint8Array>(
    new SourceStream(source, watch),
    aheadBytes === 0 ? { highWaterMark: 0 } : new ByteLengthQueuingStrategy({ highWaterMark: aheadBytes }),
  );
