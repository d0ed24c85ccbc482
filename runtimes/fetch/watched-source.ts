/** A body that is observed on its way: its size, its pauses, its end. */
import type { ByteSink, ByteSource } from "../../src/core/body.ts";
import type { ProxyError } from "../../src/core/errors.ts";
import type { Clock } from "../../src/core/platform.ts";
import type { HeaderPairs } from "../../src/http/header-edits.ts";
import { IdleLimit } from "./idle-limit.ts";

export interface SourceWatch {
  readonly clock: Clock;
  /** Longest pause between two pieces, in milliseconds; 0 is no limit. */
  readonly idleMs: number;
  /** The source has paused for too long. */
  stalled(): ProxyError;
  /** The sink has paused for too long. */
  unread(): ProxyError;
  passed(bytes: number): void;
  /** Called once: at the end, or with the reason why the body is not whole or no longer wanted. */
  ended(error: ProxyError | undefined): void;
}

export class WatchedSource implements ByteSource, ByteSink {
  readonly #source: ByteSource;
  readonly #watch: SourceWatch;
  readonly #idle: IdleLimit;
  #sink: ByteSink | undefined;
  #isPaused = false;
  #isOver = false;
  /** Why it broke off before anybody read it. */
  #failure: ProxyError | undefined;

  constructor(source: ByteSource, watch: SourceWatch) {
    this.#source = source;
    this.#watch = watch;
    this.#idle = new IdleLimit(watch.clock, watch.idleMs, () =>
      this.breakOff(this.#isPaused ? watch.unread() : watch.stalled()),
    );
  }

  start(sink: ByteSink): void {
    if (this.#isOver) {
      if (this.#failure !== undefined) sink.fail(this.#failure);
      return;
    }
    this.#sink = sink;
    this.#idle.restart();
    this.#source.start(this);
  }

  resume(): void {
    if (this.#isOver) return;
    this.#isPaused = false;
    this.#idle.restart();
    this.#source.resume();
  }

  cancel(reason: ProxyError): void {
    if (this.#isOver) return;
    this.#over();
    this.#source.cancel(reason);
    this.#watch.ended(reason);
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isOver || this.#sink === undefined) return false;
    this.#watch.passed(bytes.byteLength);
    this.#idle.restart();
    const wantsMore = this.#sink.write(bytes);
    if (!wantsMore) this.#isPaused = true;
    return wantsMore;
  }

  end(trailers: HeaderPairs): void {
    const sink = this.#sink;
    if (this.#isOver) return;
    this.#over();
    this.#watch.ended(undefined);
    sink?.end(trailers);
  }

  fail(error: ProxyError): void {
    const sink = this.#sink;
    if (this.#isOver) return;
    this.#over();
    if (sink === undefined) this.#failure = error;
    this.#watch.ended(error);
    sink?.fail(error);
  }

  /** Breaks off, and tells both ends. */
  breakOff(error: ProxyError): void {
    if (this.#isOver) return;
    this.#source.cancel(error);
    this.fail(error);
  }

  #over(): void {
    this.#isOver = true;
    this.#sink = undefined;
    this.#idle.stop();
  }
}
