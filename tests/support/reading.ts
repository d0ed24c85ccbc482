/** Readers and sources of bodies that tests drive piece by piece. */
import type { Body, ByteSink, ByteSource } from "../../src/core/body.ts";
import { ProxyError } from "../../src/core/errors.ts";
import { Watched } from "./bound.ts";

/** Reads a source, and stops when it is told to. */
export class Reader implements ByteSink {
  readonly #source: ByteSource;
  readonly #changes = new Watched();
  readonly pieces: Uint8Array[] = [];
  received = 0;
  trailers: readonly string[] | undefined;
  error: ProxyError | undefined;
  /** Whether it asks for a pause after each piece. */
  isSlow: boolean;

  constructor(source: ByteSource, isSlow = false) {
    this.#source = source;
    this.isSlow = isSlow;
    source.start(this);
  }

  get text(): string {
    return Buffer.concat(this.pieces).toString("latin1");
  }

  write(bytes: Uint8Array): boolean {
    this.pieces.push(bytes);
    this.received += bytes.length;
    this.#changes.changed();
    return !this.isSlow;
  }

  end(trailers: readonly string[]): void {
    if (this.isOver) throw new Error("a body that ends twice");
    this.trailers = trailers;
    this.#changes.changed();
  }

  fail(error: ProxyError): void {
    if (this.isOver) throw new Error("a body that ends twice");
    this.error = error;
    this.#changes.changed();
  }

  get isOver(): boolean {
    return this.trailers !== undefined || this.error !== undefined;
  }

  cancel(reason: ProxyError = new ProxyError("client-closed")): void {
    this.#source.cancel(reason);
  }

  /** Waits for so many bytes in all. */
  async until(bytes: number): Promise<void> {
    const what = (): string => `${bytes} bytes of a body; ${this.received} came, ${String(this.error)}`;
    await this.#changes.until(() => (this.received >= bytes ? true : undefined), what);
  }

  /** Asks for one piece after the other, until the end. */
  async pull(): Promise<void> {
    while (!this.isOver) {
      const had = this.received;
      this.#source.resume();
      const moved = (): true | undefined => (this.isOver || this.received > had ? true : undefined);
      await this.#changes.until(moved, () => `more of a body; ${this.received} bytes came`);
    }
  }

  /** Waits for the end: the trailers, or the error's code. */
  ended(): Promise<readonly string[] | string> {
    return this.#changes.until(
      () => this.trailers ?? this.error?.code,
      () => `the end of a body; ${this.received} bytes came`,
    );
  }
}

/** All of a body as text. */
export const textOf = async (body: Body): Promise<string> => {
  if (body.kind === "none") return "";
  if (body.kind === "bytes") return Buffer.from(body.bytes).toString("latin1");
  if (body.kind === "native")
    return Buffer.from(await new Response(body.stream).arrayBuffer()).toString("latin1");
  const reader = new Reader(body.source);
  const end = await reader.ended();
  if (typeof end === "string") throw reader.error ?? new Error(end);
  return reader.text;
};

/** A reader of a body that comes piece by piece. */
export const readerOf = (body: Body, isSlow = false): Reader => {
  if (body.kind !== "stream") throw new Error(`a body of kind ${body.kind}`);
  return new Reader(body.source, isSlow);
};

/** Content that a test provides. */
export class Source implements ByteSource {
  readonly #changes = new Watched();
  #sink: ByteSink | undefined;
  isStarted = false;
  isPaused = false;
  cancelledBy: ProxyError | undefined;
  readonly #first: () => void;

  /** @param first is called when somebody starts to read */
  constructor(first: () => void = () => {}) {
    this.#first = first;
  }

  start(sink: ByteSink): void {
    if (this.isStarted) throw new Error("a source that is started twice");
    this.isStarted = true;
    this.#sink = sink;
    this.#first();
    this.#changes.changed();
  }

  resume(): void {
    this.isPaused = false;
    this.#changes.changed();
  }

  cancel(reason: ProxyError): void {
    this.cancelledBy ??= reason;
    this.#sink = undefined;
    this.#changes.changed();
  }

  /** False once the reader asks for a pause. */
  write(content: string | Uint8Array): boolean {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    this.isPaused = this.#sink?.write(bytes) === false;
    return !this.isPaused;
  }

  end(trailers: readonly string[] = []): void {
    this.#sink?.end(trailers);
  }

  fail(error: ProxyError): void {
    this.#sink?.fail(error);
  }

  async started(): Promise<void> {
    await this.#changes.until(() => this.isStarted || undefined, "a reader of the content");
  }

  async resumed(): Promise<void> {
    await this.#changes.until(() => (this.isPaused ? undefined : true), "the reader to want more content");
  }

  async cancelled(): Promise<ProxyError> {
    return this.#changes.until(() => this.cancelledBy, "the content to be given up");
  }
}

/** A source that delivers `pieces` as fast as they are taken. */
export const sourceOf = (
  pieces: Iterable<string | Uint8Array>,
  trailers: readonly string[] = [],
): ByteSource => {
  const iterator = pieces[Symbol.iterator]();
  let sink: ByteSink | undefined;
  const resume = (): void => {
    for (;;) {
      if (sink === undefined) return;
      const next = iterator.next();
      if (next.done === true) {
        sink.end(trailers);
        return;
      }
      const { value } = next;
      if (!sink.write(typeof value === "string" ? new TextEncoder().encode(value) : value)) return;
    }
  };
  return {
    start(to) {
      sink = to;
      resume();
    },
    resume,
    cancel() {
      sink = undefined;
    },
  };
};

export const streamBody = (source: ByteSource, length?: number): Body => ({ kind: "stream", length, source });

export const bytesBody = (text: string): Body => ({ kind: "bytes", bytes: new TextEncoder().encode(text) });
