/** Bodies that a test feeds and reads by hand. */
import type { ByteSink, ByteSource, StreamBody } from "../../src/core/body.ts";
import type { ProxyError } from "../../src/core/errors.ts";

const decoder = new TextDecoder("latin1");

/** A client's body: pieces leave in the order of calls, as fast as the reader allows. */
export class FedBody implements ByteSource {
  readonly body: StreamBody;
  cancelled: ProxyError | undefined;
  starts = 0;
  isPaused = false;
  #sink: ByteSink | undefined;
  readonly #waiting: (string | undefined)[] = [];

  constructor(length?: number) {
    this.body = { kind: "stream", length, source: this };
  }

  /** Sends `text` once there is a reader that takes it. */
  feed(text: string): this {
    this.#waiting.push(text);
    this.#flow();
    return this;
  }
  finish(): this {
    this.#waiting.push(undefined);
    this.#flow();
    return this;
  }
  break(error: ProxyError): void {
    this.#sink?.fail(error);
  }

  start(sink: ByteSink): void {
    this.starts += 1;
    this.#sink = sink;
    this.#flow();
  }
  resume(): void {
    this.isPaused = false;
    this.#flow();
  }
  cancel(reason: ProxyError): void {
    this.cancelled ??= reason;
  }

  #flow(): void {
    while (
      this.#sink !== undefined &&
      !this.isPaused &&
      this.cancelled === undefined &&
      this.#waiting.length > 0
    ) {
      const text = this.#waiting.shift();
      if (text === undefined) this.#sink.end([]);
      // As sockets give them: `slice` of a Buffer copies nothing.
      else if (!this.#sink.write(Buffer.from(text))) this.isPaused = true;
    }
  }
}

/** Reads a stream body. */
export class ReadBody implements ByteSink {
  text = "";
  isEnded = false;
  error: ProxyError | undefined;
  readonly #source: ByteSource;
  /** Pieces that it still takes before it asks for a pause. */
  room: number;

  constructor(body: StreamBody, room: number = Infinity) {
    this.#source = body.source;
    this.room = room;
  }

  start(): this {
    this.#source.start(this);
    return this;
  }
  /** Takes `room` more pieces. */
  take(room: number): void {
    this.room = room;
    if (room > 0) this.#source.resume();
  }
  cancel(reason: ProxyError): void {
    this.#source.cancel(reason);
  }

  write(bytes: Uint8Array): boolean {
    this.text += decoder.decode(bytes);
    bytes.fill(0);
    this.room -= 1;
    return this.room > 0;
  }
  end(): void {
    this.isEnded = true;
  }
  fail(error: ProxyError): void {
    this.error = error;
  }
}
