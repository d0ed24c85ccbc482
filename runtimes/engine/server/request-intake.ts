/** What a client sends on a connection: heads and contents in turn, read ahead of while a request is answered. */
import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { type Body, NO_BODY } from "../../../src/core/body.ts";
import { ProxyError } from "../../../src/core/errors.ts";
import { bodyDecoder } from "../../../src/http1/body-decoder.ts";
import { type BodyLength, requestBodyLength } from "../../../src/http1/body-length.ts";
import { type HeadFormat, HeadReader } from "../../../src/http1/head-reader.ts";
import { type Refusal, isRefusal, refuse } from "../../../src/http1/refusal.ts";
import type { RequestHead, RequestHeadLimits } from "../../../src/http1/request-head.ts";
import { hasOwnReads, noteRead } from "../given-memory.ts";
import { ReadAhead } from "../read-ahead.ts";
import { Turns } from "../turns.ts";
import { type BodyOrigin, RequestBody } from "./request-body.ts";

/** Read at most while a response is on its way: so that the client's leaving is seen behind what it has sent. */
const READ_AHEAD_BYTES = 64 * 1024;

/** Content in chunks that are mostly framing is decoded in turns of this many bytes. */
const TURN_BYTES = 64 * 1024;

/** What the connection hears of. */
export interface IntakeOwner {
  /** The first byte of a head has come, and more is needed. */
  headStarted(): void;
  /** A request has begun; nothing more is looked at before `next`. */
  requestBegun(head: RequestHead, body: Body, length: BodyLength): void;
  /** What came is no request, so where the next one begins is unknown: nothing more is read. */
  refused(refusal: Refusal): void;
  /** The content has its first reader; the client may be waiting for `100 Continue`. */
  contentWanted(): void;
  /** The content has a reader that takes more. */
  contentAwaited(): void;
  /** The content's reader takes no more for now. */
  contentHeldUp(): void;
  /** Some of the content has come. @param bytes of it, with its framing */
  contentReceived(bytes: number): void;
  /** The content was read off to its end. */
  contentRead(): void;
  /** The content is malformed; nothing more is read. */
  contentBroken(): void;
  /** Nobody reads the rest of the content. */
  contentDropped(): void;
  /** The client has ended its side before the end of its content. */
  contentCutShort(error: ProxyError): void;
}

export interface IntakeOptions {
  readonly socket: Socket;
  /** May change between requests. */
  readonly settings: {
    readonly heads: HeadFormat<RequestHead>;
    readonly listen: { readonly limits: RequestHeadLimits };
  };
  readonly owner: IntakeOwner;
}

/** First byte of a TLS handshake (RFC 8446 §5.1), which no request begins with. */
const TLS_HANDSHAKE = 0x16;

/** Refusal of TLS on a port without. */
export const TLS_WITHOUT_TLS: Refusal = refuse("bad-request", "TLS on a port that speaks plain HTTP");

export class RequestIntake implements BodyOrigin {
  readonly #options: IntakeOptions;
  readonly #reader: HeadReader<RequestHead>;
  readonly #ahead = new ReadAhead();
  #body: RequestBody | undefined;
  /** For content in chunks that are mostly framing. */
  #turns: Turns | undefined;
  #isBusy = false;
  #isOver = false;
  #hasEnded = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#reader = new HeadReader(options.settings.heads);
  }

  /** Content of the current request, where it did not come whole with its head. */
  get body(): RequestBody | undefined {
    return this.#body;
  }
  /** Part of a head has come. */
  get isInsideHead(): boolean {
    return this.#reader.isInside;
  }
  /** Bytes that were read ahead. */
  get aheadBytes(): number {
    return this.#ahead.bytes;
  }
  /** The client sends nothing more. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }
  /** Content of the current request is still to come. */
  get isContentDue(): boolean {
    return this.#body !== undefined && !this.#body.complete;
  }

  received(bytes: Buffer): void {
    if (this.#isOver) return;
    noteRead(bytes);
    const body = this.#body;
    if (body !== undefined && !body.complete) this.#receivedContent(body, bytes);
    else if (this.#isBusy) this.#keepAhead(bytes, 0);
    else this.#readHead(bytes);
  }

  /** The client has ended its side. */
  ended(): void {
    this.#hasEnded = true;
    if (this.#body !== undefined && !this.#body.complete) this.#cutShort(this.#body);
  }

  /** The connection carries something else from here on: what was read ahead belongs to that. */
  takeAhead(): Buffer | undefined {
    this.#isOver = true;
    return this.#ahead.take();
  }

  /** The content's reader waits for more of it. */
  get awaitsContent(): boolean {
    return this.#body?.takesBytes === true && !this.#body.dropped;
  }

  /** Nothing more is taken: the connection is gone, or its client is too slow. */
  fail(error: ProxyError): void {
    this.#isOver = true;
    this.#body?.fail(error);
  }

  /** The request is dealt with: looks for another, in what was read ahead first. */
  next(): void {
    this.#isBusy = false;
    this.#body = undefined;
    const bytes = this.#ahead.take();
    if (bytes !== undefined) this.#readHead(bytes);
    this.#readOn();
  }

  /** Releases what is kept for a next request like the last. */
  forget(): void {
    this.#reader.forget();
  }

  /** Whatever still comes is thrown away. */
  stop(): void {
    this.#isOver = true;
  }

  /** Content that nothing has asked for by now is not wanted; what of it is here already is read off. */
  dropUnwanted(): void {
    const body = this.#body;
    if (body === undefined || body.started) return;
    body.cancel();
    this.bodyResumed();
  }

  bodyStarted(): void {
    if (this.#ahead.bytes === 0) this.#options.owner.contentWanted();
    this.bodyResumed();
  }

  bodyResumed(): void {
    const body = this.#body;
    if (body === undefined || this.#isOver || this.#isTurnOver) return;
    const bytes = this.#ahead.take();
    if (bytes !== undefined) this.#push(body, bytes);
    if ((body.complete || body.takesBytes) && !this.#isTurnOver) this.#options.socket.resume();
    if (this.awaitsContent) this.#options.owner.contentAwaited();
    if (this.#hasEnded && !body.complete) this.#cutShort(body);
  }

  /** Whether the connection goes on, and the rest is worth reading, is known when there is a reply. */
  bodyDropped(): void {
    this.#options.owner.contentDropped();
  }

  #readHead(bytes: Buffer): void {
    const reader = this.#reader;
    const wasInside = reader.isInside;
    if (!wasInside) reader.use(this.#options.settings.heads);
    const head = reader.push(bytes, 0);
    const { owner } = this.#options;
    if (head === undefined) {
      if (!wasInside && reader.isInside) owner.headStarted();
    } else if (isRefusal(head))
      this.#refuse(!wasInside && bytes[0] === TLS_HANDSHAKE ? TLS_WITHOUT_TLS : head);
    else {
      const length = requestBodyLength(head.notes);
      this.#isBusy = true;
      owner.requestBegun(head, this.#bodyOf(length, bytes, reader.end), length);
    }
  }

  #refuse(refusal: Refusal): void {
    this.#isOver = true;
    this.#options.socket.pause();
    this.#options.owner.refused(refusal);
  }

  /** Content that came with its head is handed over as one piece. */
  #bodyOf(length: BodyLength, bytes: Buffer, from: number): Body {
    const end = typeof length === "number" ? from + length : from;
    if (length === "none" || (typeof length === "number" && end <= bytes.length)) {
      if (end < bytes.length) this.#keepAhead(bytes, end);
      return end === from ? NO_BODY : { kind: "bytes", bytes: bytes.subarray(from, end) };
    }
    const body = new RequestBody(this, bodyDecoder(length, refuse, this.#options.settings.listen.limits), {
      givesMemory: hasOwnReads(this.#options.socket),
      isChunked: length === "chunked",
    });
    this.#body = body;
    if (from < bytes.length) this.#keepAhead(bytes, from);
    return { kind: "stream", length: typeof length === "number" ? length : undefined, source: body };
  }

  #receivedContent(body: RequestBody, bytes: Buffer): void {
    this.#options.owner.contentReceived(bytes.length);
    if (body.takesBytes && this.#ahead.bytes === 0 && !this.#isTurnOver) this.#push(body, bytes);
    else this.#keepAhead(bytes, 0);
  }

  #push(body: RequestBody, bytes: Buffer): void {
    const end = this.#decode(body, bytes);
    const { socket, owner } = this.#options;
    if (body.broken) {
      this.#isOver = true;
      socket.pause();
      owner.contentBroken();
      return;
    }
    if (end < bytes.length) this.#keepAhead(bytes, end);
    if (!body.complete && (!body.takesBytes || this.#isTurnOver)) {
      socket.pause();
      owner.contentHeldUp();
    }
    if (body.complete) owner.contentRead();
  }

  /** Returns the index behind what was decoded: the content's end, or as far as its reader and the turn reach. */
  #decode(body: RequestBody, bytes: Buffer): number {
    if (!body.isChunked) return body.push(bytes);
    let at = 0;
    do {
      const slice = bytes.subarray(at, at + TURN_BYTES);
      at += body.push(slice, slice.length < bytes.length);
      // Many small chunks take as long to decode as much content.
      if (body.contentBytes * 2 < slice.length) {
        this.#turns ??= new Turns(TURN_BYTES, () => this.#nextTurn());
        this.#turns.took(slice.length);
      }
    } while (at < bytes.length && body.takesBytes && !body.broken && !this.#isTurnOver);
    return at;
  }

  get #isTurnOver(): boolean {
    return this.#turns?.isOver === true;
  }

  #nextTurn(): void {
    if (this.#body?.takesBytes === true) this.bodyResumed();
    else this.#readOn();
  }

  #readOn(): void {
    if (!this.#isOver && !this.#isTurnOver && this.#ahead.bytes < READ_AHEAD_BYTES)
      this.#options.socket.resume();
  }

  #keepAhead(bytes: Buffer, from: number): void {
    this.#ahead.push(from === 0 ? bytes : bytes.subarray(from));
    if (this.#ahead.bytes >= READ_AHEAD_BYTES) this.#options.socket.pause();
  }

  /** Half a request never becomes a whole one. What was read of it before is still delivered. */
  #cutShort(body: RequestBody): void {
    if (this.#isOver || (this.#ahead.bytes > 0 && !body.dropped)) return;
    const error = new ProxyError("client-closed", { detail: "client left before the end of its request" });
    body.fail(error);
    this.#options.owner.contentCutShort(error);
  }
}
