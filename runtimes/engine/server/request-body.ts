/** The content of a client's request as it comes in. */
import type { Buffer } from "node:buffer";
import type { ByteSink, ByteSource } from "../../../src/core/body.ts";
import { ProxyError } from "../../../src/core/errors.ts";
import type { FieldNotes } from "../../../src/http/field-notes.ts";
import type { BodyDecoder } from "../../../src/http1/body-decoder.ts";
import type { BodyLength } from "../../../src/http1/body-length.ts";

/** The connection that the content comes from. */
export interface BodyOrigin {
  /** The first reader is there: a held `100 Continue` goes out, and what was read ahead is delivered. */
  bodyStarted(): void;
  /** The reader takes more. */
  bodyResumed(): void;
  /** Nobody reads the rest. */
  bodyDropped(): void;
}

export interface BodyTraits {
  /** Each read brings memory of its own, which nothing else refers to. */
  readonly givesMemory: boolean;
  readonly isChunked: boolean;
}

/** Decodes, and hands on what its sink takes. The connection feeds it. */
export class RequestBody implements ByteSource {
  readonly givesMemory: boolean;
  readonly isChunked: boolean;
  readonly #origin: BodyOrigin;
  readonly #decoder: BodyDecoder;
  #sink: ByteSink | undefined;
  /** Of the last `push`. */
  #contentBytes = 0;
  #state: "waiting" | "flowing" | "paused" | "dropped" | "over" = "waiting";

  constructor(origin: BodyOrigin, decoder: BodyDecoder, { givesMemory, isChunked }: BodyTraits) {
    this.givesMemory = givesMemory;
    this.isChunked = isChunked;
    this.#origin = origin;
    this.#decoder = decoder;
  }

  /** All of it was read off the connection. */
  get complete(): boolean {
    return this.#decoder.done;
  }
  /** Bytes may be pushed now. */
  get takesBytes(): boolean {
    return (this.#state === "flowing" || this.#state === "dropped") && !this.complete;
  }
  /** How much content was in what was pushed last. */
  get contentBytes(): number {
    return this.#contentBytes;
  }
  get dropped(): boolean {
    return this.#state === "dropped";
  }
  get started(): boolean {
    return this.#state !== "waiting";
  }

  start(sink: ByteSink): void {
    if (this.#state === "dropped") return;
    this.#sink = sink;
    this.#state = "flowing";
    this.#origin.bodyStarted();
  }

  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = "flowing";
    this.#origin.bodyResumed();
  }

  cancel(): void {
    if (this.#state === "dropped" || this.#state === "over") return;
    this.#sink = undefined;
    this.#state = "dropped";
    this.#origin.bodyDropped();
  }

  /**
   * Returns the index behind the last byte that belongs to the content.
   *
   * @param isPart `bytes` are a part of what was read; the rest of the same memory is still needed
   */
  push(bytes: Buffer, isPart: boolean = false): number {
    const decoder = this.#decoder;
    const end = decoder.push(bytes, 0);
    const { data, refusal, done } = decoder;
    this.#contentBytes = data.length;
    const sink = this.#sink;
    if (sink !== undefined && data.length > 0) {
      // What came behind the content is the next request's, in the same memory.
      const piece = this.givesMemory && (isPart || end < bytes.length) ? new Uint8Array(data) : data;
      if (!sink.write(piece) && this.#state === "flowing") this.#state = "paused";
    }
    if (refusal !== undefined) this.fail(new ProxyError("bad-request", { detail: refusal.detail }));
    else if (done) this.#finish();
    return end;
  }

  /** Content that can't be completed: malformed, or its client left. */
  fail(error: ProxyError): void {
    const sink = this.#sink;
    this.#sink = undefined;
    if (this.#state !== "dropped") this.#state = "over";
    sink?.fail(error);
  }

  /** Malformed: what follows on the connection can't be read. */
  get broken(): boolean {
    return this.#decoder.refusal !== undefined;
  }

  #finish(): void {
    const sink = this.#sink;
    this.#sink = undefined;
    if (this.#state !== "dropped") this.#state = "over";
    sink?.end(this.#decoder.trailers);
  }
}

/** Unread content up to this length is read off after an early answer; the connection closes behind a longer one. */
const DISCARDED_BYTES = 64 * 1024;

/** Whether so little content is left unread that reading it off is cheaper than a new connection. */
export const mayDiscardRest = (
  body: RequestBody | undefined,
  length: BodyLength,
  { expect }: FieldNotes,
): boolean => {
  if (body === undefined || body.complete || !body.dropped) return true;
  return expect === undefined && typeof length === "number" && length <= DISCARDED_BYTES;
};
