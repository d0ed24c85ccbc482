/** A response body on its way from undici to @hono/node-server. */
import type { ProxyError } from "../../src/core/errors.ts";

/** Where the bytes come from. */
export interface BodySource {
  pause(): void;
  resume(): void;
  /** The consumer wants no more. */
  cancel(reason: unknown): void;
}

type ReadResult = ReadableStreamReadResult<Uint8Array>;
type Fulfilled = (result: ReadResult) => unknown;
type Rejected = (error: unknown) => unknown;

/** Bytes kept for a consumer that is busy, above which the source is paused. Two pieces as sockets read them. */
const HIGH_WATER_BYTES = 128 * 1024;

const DONE: ReadResult = Object.freeze({ done: true, value: undefined });

/**
 * Has what node-server uses of a `ReadableStream` (`locked`, `getReader`, `cancel`) and of its reader, with thenables
 * instead of promises: each piece goes from undici's parser to the client's socket in one synchronous call. A real
 * `Response` takes it as an async iterable, so whoever touches `response.body` gets a real stream.
 */
export class UpstreamBody implements AsyncIterable<Uint8Array> {
  readonly #source: BodySource;
  readonly #queue: Uint8Array[];
  #queued = 0;
  #paused = false;
  #ended = false;
  #error: ProxyError | undefined;
  #fulfilled: Fulfilled | undefined;
  #rejected: Rejected | undefined;
  #close: (() => void) | undefined;
  #closed: Promise<void> | undefined;
  #over = false;
  locked = false;
  #direct = false;

  constructor(source: BodySource, received: Uint8Array[]) {
    this.#source = source;
    this.#queue = received;
    for (const piece of received) this.#queued += piece.length;
  }

  /** @returns whether the consumer has it; else it is kept here for the time being. */
  push(piece: Uint8Array): boolean {
    const fulfilled = this.#fulfilled;
    if (fulfilled !== undefined) {
      this.#fulfilled = this.#rejected = undefined;
      fulfilled({ done: false, value: piece });
      return true;
    }
    this.#queue.push(piece);
    this.#queued += piece.length;
    if (!this.#paused && this.#queued >= HIGH_WATER_BYTES) {
      this.#paused = true;
      this.#source.pause();
    }
    return false;
  }

  end(): void {
    this.#ended = true;
    const fulfilled = this.#fulfilled;
    if (fulfilled !== undefined) this.#finish(() => fulfilled(DONE));
  }

  fail(error: ProxyError): void {
    this.#error = error;
    const rejected = this.#rejected;
    if (rejected !== undefined) this.#finish(() => rejected(error));
  }

  /** Every piece so far went to node-server, which writes each to the client before it asks for the next. */
  get isWrittenDirectly(): boolean {
    return this.#direct && this.#queue.length === 0;
  }

  /** Held up by the consumer. */
  get paused(): boolean {
    return this.#paused;
  }

  getReader(): UpstreamBodyReader {
    if (this.locked) throw new TypeError("ReadableStream is locked");
    this.locked = this.#direct = true;
    return new UpstreamBodyReader(this);
  }

  async cancel(reason?: unknown): Promise<void> {
    this.abandon(reason);
  }

  /** The consumer wants no more. */
  abandon(reason: unknown): void {
    if (this.#over) return;
    this.#queue.length = 0;
    this.#queued = 0;
    this.#finish(() => {});
    this.#source.cancel(reason);
  }

  /** Settles once the body is over, however it ended; how it ended is what `take` tells. */
  get closed(): Promise<void> {
    return (this.#closed ??= new Promise((resolve) => {
      if (this.#over) resolve();
      else this.#close = resolve;
    }));
  }

  /** The next piece, now or later. One at a time. */
  take(fulfilled: Fulfilled, rejected: Rejected): void {
    const piece = this.#queue.shift();
    if (piece !== undefined) {
      this.#queued -= piece.length;
      fulfilled({ done: false, value: piece });
    } else if (this.#error !== undefined) {
      const error = this.#error;
      this.#finish(() => rejected(error));
    } else if (this.#ended || this.#over) {
      this.#finish(() => fulfilled(DONE));
    } else {
      this.#fulfilled = fulfilled;
      this.#rejected = rejected;
      if (this.#paused) {
        this.#paused = false;
        this.#source.resume();
      }
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    this.locked = true;
    try {
      for (;;) {
        const { done, value } = await new Promise<ReadResult>((resolve, reject) => {
          this.take(resolve, reject);
        });
        if (done) return;
        yield value;
      }
    } finally {
      this.abandon(undefined);
    }
  }

  #finish(tell: () => unknown): void {
    this.#fulfilled = this.#rejected = undefined;
    const first = !this.#over;
    this.#over = true;
    tell();
    if (first) this.#close?.();
  }
}

/** The part of `ReadableStreamDefaultReader` that node-server uses. */
class UpstreamBodyReader {
  readonly #body: UpstreamBody;

  constructor(body: UpstreamBody) {
    this.#body = body;
  }

  get closed(): Promise<void> {
    return this.#body.closed;
  }

  read(): PromiseLike<ReadResult> {
    return new NextPiece(this.#body) as unknown as PromiseLike<ReadResult>;
  }

  cancel(reason?: unknown): Promise<void> {
    return this.#body.cancel(reason);
  }
}

/** Asks for the next piece when somebody waits for it, and tells at once if it is there. */
class NextPiece {
  readonly #body: UpstreamBody;

  constructor(body: UpstreamBody) {
    this.#body = body;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- being one is its purpose
  then(fulfilled: Fulfilled, rejected: Rejected): void {
    this.#body.take(fulfilled, rejected);
  }
}
