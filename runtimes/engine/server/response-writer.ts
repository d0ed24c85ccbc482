/** One reply on its way to a client. */
import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { type Body, type ByteSink, type ByteSource, NO_BODY, cancelBody } from "../../../src/core/body.ts";
import { ProxyError } from "../../../src/core/errors.ts";
import type { HttpReply } from "../../../src/core/reply.ts";
import { free, freeWhenWritten, isFreed } from "../given-memory.ts";
import type { FieldEncoder } from "./field-lines.ts";
import { fillMessage } from "./fill-message.ts";
import { shownLength } from "./shown-length.ts";
import type { HeaderPairs } from "../../../src/http/header-edits.ts";
import { isContentless } from "../../../src/http/status.ts";
import type { BodyLength } from "../../../src/http1/body-length.ts";
import {
  CHUNK_END,
  chunkHeader,
  fieldLines,
  joinResponseHead,
  lastChunk,
} from "../../../src/http1/encode.ts";
import { byteSourceOf } from "../../../src/web/byte-source.ts";

/** Up to this size copying content behind a head or a chunk's size is cheaper than another write, on all runtimes. */
const JOINED_BYTES = 32 * 1024;
/** Small pieces are gathered in buffers of this size. */
const GATHERED_BYTES = 16 * 1024;
/** Pieces up to this size are gathered while the socket is busy. */
const TINY_BYTES = 1024;
const EMPTY = Buffer.alloc(0);

/** The connection that a response is written to. */
export interface ResponseOwner {
  readonly fields: FieldEncoder;
  /** Value of `Date`, should the reply have none. */
  date(): string;
  /** The socket's buffer is full; nothing more is written before `drained`. */
  blocked(): void;
  /** The whole reply is in the socket, or it broke off. */
  finished(error: ProxyError | undefined): void;
}

/** What the form of a response depends on besides the reply. */
export interface ResponseForm {
  /** A response to HEAD has no content. */
  readonly isHead: boolean;
  readonly version: "1.0" | "1.1";
  readonly keepAlive: boolean;
}

/** Writes one head and one body. Bytes that the socket can't take yet hold the body's source up. */
export class ResponseWriter implements ByteSink {
  readonly #socket: Socket;
  readonly #owner: ResponseOwner;
  #version: "1.0" | "1.1" = "1.1";
  #source: ByteSource | undefined;
  #length: BodyLength = "none";
  #left = Number.POSITIVE_INFINITY;
  #gathered: Buffer | undefined;
  #gatheredBytes = 0;
  #over = false;
  #frees = false;
  /** Waits for the first piece, to leave with it, while the source starts. */
  #head = "";
  #blocked = false;
  /** Content bytes given to the socket. */
  bytesSent = 0;

  constructor(socket: Socket, owner: ResponseOwner) {
    this.#socket = socket;
    this.#owner = owner;
  }

  /** The socket's buffer is full: the client does not read. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** Whether the end of the connection is the end of the content. */
  get endsWithConnection(): boolean {
    return this.#length === "close";
  }

  begin(reply: HttpReply, { isHead, version, keepAlive }: ResponseForm): void {
    this.#version = version;
    const body = isHead || isContentless(reply.status) ? dropped(reply.body) : reply.body;
    const shown = shownLength(reply, { isHead, version });
    this.#length = body === NO_BODY ? "none" : shown;
    const head = this.#headOf(reply, shown, keepAlive && !this.endsWithConnection);
    switch (body.kind) {
      case "none":
        this.#socket.write(head, "latin1");
        this.#finish(undefined);
        return;
      case "bytes":
        this.#frees = body.givesMemory === true;
        this.#writeWhole(head, body.bytes);
        return;
      case "stream":
      case "native":
        if (typeof shown === "number") this.#left = shown;
        this.#stream(head, body.kind === "stream" ? body.source : byteSourceOf(body.stream));
    }
  }

  #stream(head: string, source: ByteSource): void {
    this.#source = source;
    this.#frees = source.givesMemory === true;
    this.#head = head;
    source.start(this);
    if (!this.#over) this.#flushHead();
  }

  /** Gives up: the client has left, or is too slow. */
  abort(error: ProxyError): void {
    if (this.#over) return;
    this.#source?.cancel(error);
    this.#finish(error);
  }

  /** The socket has room again. */
  drained(): void {
    if (!this.#blocked || this.#over) return;
    this.#blocked = false;
    this.#source?.resume();
  }

  write(bytes: Uint8Array): boolean {
    if (this.#over) return false;
    this.#left -= bytes.byteLength;
    if (this.#left < 0) {
      // More than Content-Length would be read as the next response.
      this.#source?.cancel(overrun());
      this.#finish(overrun());
      return false;
    }
    this.bytesSent += bytes.byteLength;
    const socket = this.#socket;
    if (bytes.byteLength <= TINY_BYTES && socket.writableLength > 0) this.#gather(bytes);
    else {
      this.#flushGathered();
      this.#send(bytes);
    }
    this.#blocked = isFull(socket);
    if (this.#blocked) this.#owner.blocked();
    return !this.#blocked;
  }

  end(trailers: HeaderPairs): void {
    if (this.#over) return;
    if (this.#left > 0 && this.#left !== Number.POSITIVE_INFINITY) {
      this.#finish(cutShort());
      return;
    }
    this.#flushHead();
    this.#flushGathered();
    if (this.#length === "chunked") this.#socket.write(lastChunk(trailers), "latin1");
    this.#finish(undefined);
  }

  fail(error: ProxyError): void {
    if (this.#over) return;
    this.#finish(error);
  }

  #finish(error: ProxyError | undefined): void {
    this.#over = true;
    this.#source = undefined;
    this.#owner.finished(error);
  }

  #writeWhole(head: string, bytes: Uint8Array): void {
    const socket = this.#socket;
    this.bytesSent = bytes.byteLength;
    if (bytes.byteLength <= JOINED_BYTES)
      socket.write(fillMessage(Buffer.allocUnsafe(head.length + bytes.byteLength), head, bytes));
    else {
      socket.write(head, "latin1");
      socket.write(bytes, this.#frees ? freeWhenWritten(bytes) : undefined);
    }
    this.#blocked = socket.writableNeedDrain;
    this.#finish(undefined);
  }

  #send(bytes: Uint8Array): void {
    const socket = this.#socket;
    const isChunk = this.#length === "chunked";
    const frees = this.#frees && isFreed(bytes);
    if (isChunk || (this.#head !== "" && bytes.byteLength <= JOINED_BYTES)) {
      const before = isChunk ? this.#head + chunkHeader(bytes.byteLength) : this.#head;
      const after = isChunk ? CHUNK_END : "";
      const size = before.length + bytes.byteLength + after.length;
      const message = fillMessage(
        frees ? Buffer.allocUnsafeSlow(size) : Buffer.allocUnsafe(size),
        before,
        bytes,
        after,
      );
      this.#head = "";
      if (frees) free(bytes);
      socket.write(message, frees ? freeWhenWritten(message) : undefined);
      return;
    }
    this.#flushHead();
    socket.write(bytes, frees ? freeWhenWritten(bytes) : undefined);
  }

  #flushHead(): void {
    const head = this.#head;
    if (head === "") return;
    this.#head = "";
    this.#socket.write(head, "latin1");
  }

  /** Copies a small piece behind others: pieces that wait cost memory by bytes, not by pieces. */
  #gather(bytes: Uint8Array): void {
    if (this.#gathered === undefined) {
      // Of its own, not from the pool: it is freed like other pieces.
      this.#gathered = Buffer.allocUnsafeSlow(GATHERED_BYTES);
      this.#gatheredBytes = 0;
      // Called behind what is on its way.
      this.#socket.write(EMPTY, () => this.#flushGathered());
    }
    if (this.#gatheredBytes + bytes.byteLength > GATHERED_BYTES) {
      this.#flushGathered();
      this.#gather(bytes);
      return;
    }
    this.#gathered.set(bytes, this.#gatheredBytes);
    this.#gatheredBytes += bytes.byteLength;
  }

  #flushGathered(): void {
    const bytes = this.#gathered;
    this.#gathered = undefined;
    if (bytes === undefined || this.#socket.destroyed) return;
    this.#send(bytes.subarray(0, this.#gatheredBytes));
  }

  #headOf({ status, fields, added }: HttpReply, length: BodyLength, keepAlive: boolean): string {
    const connection = keepAlive ? (this.#version === "1.0" ? "keep-alive" : undefined) : "close";
    const { lines, isDated } = this.#owner.fields.encode(fields);
    const more = added === undefined ? "" : fieldLines(added);
    const date = isDated ? "" : `Date: ${this.#owner.date()}\r\n`;
    return joinResponseHead({ status }, lines + more + date, { length, connection });
  }
}

/**
 * Whether more is waiting than may. A large piece is over the mark in any case, and asks for `drain` even where the
 * system has taken all of it at once: its source would be stopped and started again with each piece.
 */
const isFull = ({ writableLength, writableHighWaterMark }: Socket): boolean =>
  writableLength >= writableHighWaterMark;

const dropped = (body: Body): typeof NO_BODY => {
  cancelBody(body, unwanted());
  return NO_BODY;
};

const overrun = (): ProxyError =>
  new ProxyError("bad-upstream-response", { detail: "more content than its Content-Length" });

const cutShort = (): ProxyError =>
  new ProxyError("bad-upstream-response", { detail: "less content than its Content-Length" });

const unwanted = (): ProxyError =>
  new ProxyError("internal", { detail: "content of a response that has none" });
