/** One direction of a proxied WebSocket, which can be closed in between two frames. */
import type { ByteSink, ByteSource } from "../core/body.ts";
import type { ProxyError } from "../core/errors.ts";
import type { HeaderPairs } from "../http/header-edits.ts";
import { FrameTracker, closeFrame } from "./frames.ts";

/** Passes bytes on as they come until `close`. */
export class CloseGate implements ByteSource, ByteSink {
  readonly #source: ByteSource;
  readonly #isFromClient: boolean;
  readonly #frames = new FrameTracker();
  #sink: ByteSink | undefined;
  #code: number | undefined;
  /** The last frame was sent; what still comes is thrown away. */
  #isOver = false;

  constructor(source: ByteSource, isFromClient: boolean) {
    this.#source = source;
    this.#isFromClient = isFromClient;
  }

  start(sink: ByteSink): void {
    this.#sink = sink;
    this.#source.start(this);
  }

  resume(): void {
    this.#source.resume();
  }

  cancel(reason: ProxyError): void {
    this.#isOver = true;
    this.#source.cancel(reason);
  }

  /** Sends a Close frame as soon as the present frame has passed, and ends this direction. */
  close(code: number): void {
    if (this.#code !== undefined || this.#isOver) return;
    this.#code = code;
    if (this.#frames.isBetweenFrames) this.#finish(code);
  }

  write(bytes: Uint8Array): boolean {
    const sink = this.#sink;
    if (this.#isOver || sink === undefined) return true;
    const code = this.#code;
    if (code === undefined) {
      this.#frames.pass(bytes);
      return sink.write(bytes);
    }
    const end = this.#frames.passFrame(bytes, 0);
    const goesOn = sink.write(bytes.subarray(0, end));
    if (!this.#frames.isBetweenFrames) return goesOn;
    this.#finish(code);
    return true;
  }

  end(trailers: HeaderPairs): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#sink?.end(trailers);
  }

  fail(error: ProxyError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#sink?.fail(error);
  }

  #finish(code: number): void {
    this.#isOver = true;
    if (!this.#frames.hasClosed) this.#sink?.write(closeFrame(code, this.#isFromClient));
    this.#sink?.end([]);
    // What was held up is read on, to find the peer's end.
    this.#source.resume();
  }
}
