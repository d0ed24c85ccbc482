/** Content of a response on its way from the connection to whoever reads it. */
import type { ByteSink, ByteSource } from "../../../src/core/body.ts";
import type { ProxyError } from "../../../src/core/errors.ts";

/** What feeds a body. */
export interface BodyOwner {
  /** The reader wants no more for now. */
  held(): void;
  /** The reader wants more. */
  wanted(): void;
  /** The reader has all of it. */
  delivered(): void;
  /** The reader gave up. */
  cancelled(reason: ProxyError): void;
}

/** Holds what was read before its reader had started, or after it asked for a pause: two reads at most. */
export class ResponseBody implements ByteSource {
  readonly givesMemory: boolean;
  readonly #owner: BodyOwner;
  #sink: ByteSink | undefined;
  #kept: Uint8Array[] = [];
  #trailers: readonly string[] | undefined;
  #error: ProxyError | undefined;
  #isOpen = true;
  #isOver = false;

  constructor(owner: BodyOwner, givesMemory: boolean) {
    this.#owner = owner;
    this.givesMemory = givesMemory;
  }

  /** Whether it is the reader who is waited for. */
  get isHeld(): boolean {
    return this.#sink === undefined || !this.#isOpen;
  }

  /** Takes over `bytes`. */
  push(bytes: Uint8Array): void {
    if (this.#isOver) return;
    const sink = this.#sink;
    if (sink === undefined || !this.#isOpen) {
      this.#kept.push(bytes);
      // What came with the head is mostly asked for before the next read.
      if (sink !== undefined || this.#kept.length > 1) this.#owner.held();
    } else if (!sink.write(bytes)) {
      this.#isOpen = false;
      this.#owner.held();
    }
  }

  /** No more follows. */
  end(trailers: readonly string[]): void {
    this.#trailers = trailers;
    this.#drain();
  }

  /** Breaks it off, also for a reader who has yet to start. */
  fail(error: ProxyError): void {
    if (this.#isOver) return;
    this.#kept = [];
    this.#error = error;
    if (this.#sink === undefined) return;
    this.#isOver = true;
    this.#sink.fail(error);
  }

  start(sink: ByteSink): void {
    this.#sink = sink;
    if (this.#error === undefined) this.resume();
    else this.fail(this.#error);
  }

  resume(): void {
    if (this.#isOver) return;
    this.#isOpen = true;
    this.#drain();
    if (this.#isOpen && !this.#isOver && this.#trailers === undefined) this.#owner.wanted();
  }

  cancel(reason: ProxyError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#kept = [];
    this.#owner.cancelled(reason);
  }

  #drain(): void {
    const sink = this.#sink;
    if (sink === undefined) return;
    while (this.#isOpen && this.#kept.length > 0) {
      this.#isOpen = sink.write(this.#kept.shift() as Uint8Array);
      if (!this.#isOpen) this.#owner.held();
    }
    if (this.#isOver || this.#kept.length > 0 || this.#trailers === undefined) return;
    this.#isOver = true;
    // The attempt is settled first: the end of the response may be the end of the exchange, whose report shows it.
    this.#owner.delivered();
    sink.end(this.#trailers);
  }
}
