/** The body of a scripted answer as it would come over the wire. */
import type { Body, ByteSink, ByteSource } from "../../src/core/body.ts";
import { ProxyError } from "../../src/core/errors.ts";
import type { HeaderPairs } from "../../src/http/header-edits.ts";
import { byteSourceOf } from "../../src/web/byte-source.ts";
import type { AttemptRun } from "../fetch/attempt-run.ts";
import { WatchedSource } from "../fetch/watched-source.ts";

export interface ResponseBodyParts {
  readonly stream: ReadableStream<Uint8Array>;
  /** By `Content-Length`. */
  readonly length: number | undefined;
  /** Asked for at the end. */
  readonly trailers: () => HeaderPairs;
  readonly run: AttemptRun;
  /** Longest pause. */
  readonly limitMs: number;
}

export const responseBody = ({ stream, length, trailers, run, limitMs }: ResponseBodyParts): Body => {
  const source = new FramedSource(byteSourceOf(stream, broken), length, trailers);
  const watched = new WatchedSource(source, {
    clock: run.clock,
    idleMs: limitMs,
    stalled: () => new ProxyError("attempt-timeout", { detail: `response body paused for ${limitMs} ms` }),
    unread: () => new ProxyError("client-closed", { detail: `client stopped reading for ${limitMs} ms` }),
    passed: (bytes) => (run.bytesReceived += bytes),
    ended: (error) => {
      if (error !== undefined) {
        run.stop(error);
        return;
      }
      run.progress = "done";
      run.settle(undefined);
    },
  });
  run.whenStopped((reason) => watched.breakOff(reason));
  return { kind: "stream", length, source: watched };
};

const broken = (thrown: unknown): ProxyError =>
  thrown instanceof ProxyError
    ? thrown
    : new ProxyError("upstream-reset", {
        detail: "response body broke off",
        cause: thrown,
        progress: "head",
      });

/** Holds the content against its announced length, and puts trailers behind it. */
class FramedSource implements ByteSource, ByteSink {
  readonly #source: ByteSource;
  readonly #length: number | undefined;
  readonly #trailers: () => HeaderPairs;
  #sink: ByteSink | undefined;
  #bytes = 0;

  constructor(source: ByteSource, length: number | undefined, trailers: () => HeaderPairs) {
    this.#source = source;
    this.#length = length;
    this.#trailers = trailers;
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
    this.#bytes += bytes.byteLength;
    if (this.#length === undefined || this.#bytes <= this.#length) return this.#sink?.write(bytes) ?? false;
    const error = this.#otherLength();
    const sink = this.#sink;
    this.cancel(error);
    sink?.fail(error);
    return false;
  }
  end(): void {
    if (this.#length === undefined || this.#bytes === this.#length) this.#sink?.end(this.#trailers());
    else this.#sink?.fail(this.#otherLength());
  }
  fail(error: ProxyError): void {
    this.#sink?.fail(error);
  }

  #otherLength(): ProxyError {
    const detail = `${this.#bytes} bytes of content, announced were ${this.#length}`;
    return new ProxyError(this.#bytes < (this.#length ?? 0) ? "upstream-reset" : "bad-upstream-response", {
      detail,
      progress: "head",
    });
  }
}
