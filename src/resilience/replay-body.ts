/** A request body that more than one attempt can send. */
import type { Body, ByteSink, ByteSource, Replay } from "../core/body.ts";
import { ProxyError } from "../core/errors.ts";
import type { HeaderPairs } from "../http/header-edits.ts";

/**
 * Keeps the first `maxBytes` of a body. An attempt that fails while all that it read is kept can be followed by another, which
 * gets the kept part and then the live rest. The body itself is started once, by the first attempt that reads it.
 *
 * The attempts' readers come one after the other; each has ended or been cancelled before the next one starts.
 */
export interface ReplayBody extends Replay {
  /** No attempt will follow: from now on the last attempt's body is the body itself, and cancelling it cancels the client's. */
  seal(): void;
}

/** A native stream can be sent again as long as nothing has locked it. */
export const replayBody = (body: Body, maxBytes: number): ReplayBody => {
  switch (body.kind) {
    case "none":
    case "bytes":
      return { next: () => body, isReplayable: true, seal() {} };
    case "native":
      return {
        next: () => body,
        get isReplayable() {
          return !body.stream.locked;
        },
        seal() {},
      };
    case "stream":
      return new StreamReplay(body.source, body.length, maxBytes);
  }
};

class StreamReplay implements ReplayBody, ByteSink {
  readonly #source: ByteSource;
  readonly #length: number | undefined;
  readonly #maxBytes: number;
  /** What readers get before they are attached. */
  readonly kept: Uint8Array[] = [];
  #keptBytes = 0;
  #isWhole = true;
  #isStarted = false;
  #isSealed = false;
  #isPaused = false;
  #trailers: HeaderPairs | undefined;
  #error: ProxyError | undefined;
  /** Started and not over. */
  #reader: ReplayReader | undefined;
  #isAttached = false;

  constructor(source: ByteSource, length: number | undefined, maxBytes: number) {
    this.#source = source;
    this.#length = length;
    this.#maxBytes = maxBytes;
  }

  get isReplayable(): boolean {
    return this.#isWhole && this.#error === undefined;
  }

  get givesMemory(): boolean {
    return this.#source.givesMemory === true;
  }

  next(): Body {
    return { kind: "stream", length: this.#length, source: new ReplayReader(this) };
  }

  seal(): void {
    this.#isSealed = true;
    // The response may take long: memory is released now.
    if (this.#reader === undefined) this.#cancel(discarded());
    else if (this.#isAttached) this.kept.length = 0;
  }

  /** A reader begins with what is kept. */
  begin(reader: ReplayReader): void {
    this.#reader = reader;
    this.#isAttached = false;
  }

  /** It has taken all that is kept, and wants the rest. */
  attach(): void {
    this.#isAttached = true;
    if (this.#error !== undefined) this.#reader?.sink.fail(this.#error);
    else if (this.#trailers !== undefined) this.#reader?.sink.end(this.#trailers);
    else if (this.#isStarted) this.resume();
    else {
      this.#isStarted = true;
      this.#source.start(this);
    }
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#source.resume();
  }

  detach(reader: ReplayReader, reason: ProxyError): void {
    if (this.#reader === reader) this.#reader = undefined;
    if (this.#isSealed || !this.#isWhole) this.#cancel(reason);
  }

  write(bytes: Uint8Array): boolean {
    const live = this.#isAttached ? this.#reader : undefined;
    this.#keep(bytes, live !== undefined);
    const isOpen = live?.sink.write(bytes) ?? false;
    this.#isPaused = !isOpen;
    return isOpen;
  }

  end(trailers: HeaderPairs): void {
    this.#trailers = trailers;
    if (this.#isAttached) this.#reader?.sink.end(trailers);
  }

  fail(error: ProxyError): void {
    this.#error = error;
    if (this.#isAttached) this.#reader?.sink.fail(error);
  }

  #cancel(reason: ProxyError): void {
    if (this.#isStarted && this.#trailers === undefined) this.#source.cancel(reason);
  }

  /** Copies: what is passed on belongs to the reader. A piece that comes while no reader is attached is kept in any case. */
  #keep(bytes: Uint8Array, isPassedOn: boolean): void {
    this.#keptBytes += bytes.byteLength;
    if (this.#keptBytes > this.#maxBytes) this.#isWhole = false;
    if (!isPassedOn || (this.#isWhole && !this.#isSealed)) {
      this.kept.push(new Uint8Array(bytes));
      return;
    }
    this.#isWhole = false;
    this.kept.length = 0;
  }
}

/** One attempt's view: first what is kept, then the rest. */
class ReplayReader implements ByteSource {
  readonly #replay: StreamReplay;
  sink: ByteSink = UNREAD;
  #next = 0;
  #isAttached = false;
  #isOver = false;

  constructor(replay: StreamReplay) {
    this.#replay = replay;
  }

  /** What is kept is copied, both ways. */
  get givesMemory(): boolean {
    return this.#replay.givesMemory;
  }

  get replay(): Replay {
    return this.#replay;
  }

  start(sink: ByteSink): void {
    this.sink = sink;
    this.#replay.begin(this);
    this.#deliver();
  }

  resume(): void {
    if (this.#isOver) return;
    if (this.#isAttached) this.#replay.resume();
    else this.#deliver();
  }

  cancel(reason: ProxyError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.sink = UNREAD;
    this.#replay.detach(this, reason);
  }

  #deliver(): void {
    for (;;) {
      const piece = this.#replay.kept[this.#next];
      if (piece === undefined) break;
      this.#next += 1;
      // Another attempt may need it again.
      const isOpen = this.sink.write(new Uint8Array(piece));
      if (this.#isOver || !isOpen) return;
    }
    this.#isAttached = true;
    this.#replay.attach();
  }
}

/** The sink of a reader that is not started or was cancelled. */
const UNREAD: ByteSink = { write: () => false, end() {}, fail() {} };

/** Why a body is cancelled whose attempt gave way to a retry. */
export const discarded = (): ProxyError => new ProxyError("discarded");
