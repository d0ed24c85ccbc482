/** Content of a request on its way to the connection. */
import type { ByteSink, ByteSource } from "../../../src/core/body.ts";
import { ProxyError } from "../../../src/core/errors.ts";
import type { Clock } from "../../../src/core/platform.ts";
import { CHUNK_END, chunkHeader, lastChunk } from "../../../src/http1/encode.ts";
import { free, isFreed } from "../given-memory.ts";
import type { Connection } from "./connection.ts";
import { PieceStack } from "../piece-stack.ts";

/** What is waiting to be written while a write is under way; above it the source is paused. */
const WAITING_BYTES = 64 * 1024;
/** Up to here copying pieces into one buffer is cheaper than writing them apart. */
const JOINED_BYTES = 32 * 1024;

const NOTHING: readonly Uint8Array[] = [];

export interface UploadOwner {
  /** The last byte has left this process. */
  uploaded(): void;
  /** The content breaks off, or does not have the length that was announced. */
  uploadFailed(error: ProxyError): void;
}

export interface UploadOptions {
  readonly connection: Connection;
  readonly owner: UploadOwner;
  readonly clock: Clock;
}

/**
 * One write is under way at a time. What comes meanwhile goes out with the next one, so that the cost is by bytes and not
 * by pieces: in chunked content as one chunk.
 */
export class Upload implements ByteSink {
  readonly #options: UploadOptions;
  readonly #length: number | undefined;
  readonly #pieces = new PieceStack();
  readonly #written = (error?: Error | null): void => this.#afterWrite(error);
  /** Pieces that are being written, where their memory is given. */
  #leaving: readonly Uint8Array[] = NOTHING;
  #source: ByteSource | undefined;
  #givesMemory = false;
  #head = "";
  #isWriting = false;
  #isPaused = false;
  #trailers: readonly string[] | undefined;
  #isLastWritten = false;
  /** Nothing more is written: all of it was, or the rest is not wanted. */
  isOver = false;
  /** Content is held back until `release`. */
  isHeld = false;
  /** The last byte has left this process. */
  isComplete = false;
  /** Content bytes given to the connection. */
  bytes = 0;
  /** When one side last did something. */
  activeAt: number;

  /** @param length bytes, where the request's head says how many; undefined for chunks */
  constructor(options: UploadOptions, length: number | undefined) {
    this.#options = options;
    this.#length = length;
    this.activeAt = options.clock.now();
  }

  /** Whether it is the client, not the upstream, that is waited for. */
  get waitsForClient(): boolean {
    return !this.#isWriting;
  }

  /** Keeps the content back: nothing is asked of `source` before `release`. */
  hold(source: ByteSource): void {
    this.#source = source;
    this.isHeld = true;
  }

  /** Begins with content that was held back. */
  release(): void {
    const source = this.#source;
    if (!this.isHeld || source === undefined) return;
    this.isHeld = false;
    this.activeAt = this.#options.clock.now();
    this.begin("", source);
  }

  /** @param head goes out with what the source has at hand */
  begin(head: string, source: ByteSource): void {
    this.#head = head;
    this.#source = source;
    this.#givesMemory = source.givesMemory === true;
    this.#isWriting = true;
    source.start(this);
    this.#isWriting = false;
    this.#flush();
  }

  write(bytes: Uint8Array): boolean {
    if (this.isOver) return false;
    this.bytes += bytes.length;
    this.activeAt = this.#options.clock.now();
    const length = this.#length;
    if (length !== undefined && this.bytes > length) {
      this.#mismatch("longer");
      return false;
    }
    this.#pieces.push(bytes);
    if (!this.#isWriting) this.#flush();
    this.#isPaused = this.#pieces.bytes >= WAITING_BYTES;
    return !this.#isPaused;
  }

  end(trailers: readonly string[]): void {
    if (this.isOver) return;
    const length = this.#length;
    if (length !== undefined && this.bytes < length) {
      this.#mismatch("shorter");
      return;
    }
    this.#source = undefined;
    this.#trailers = trailers;
    if (!this.#isWriting) this.#flush();
  }

  fail(error: ProxyError): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#source = undefined;
    this.#options.owner.uploadFailed(error);
  }

  /** Nobody wants the rest. Content that was held back is left to its owner, who may send it elsewhere. */
  stop(reason: ProxyError): void {
    this.isOver = true;
    const source = this.#source;
    this.#source = undefined;
    if (!this.isHeld) source?.cancel(reason);
  }

  #mismatch(how: "longer" | "shorter"): void {
    const error = new ProxyError("bad-request", {
      detail: `the request's content is ${how} than its length`,
    });
    this.stop(error);
    this.#options.owner.uploadFailed(error);
  }

  #flush(): void {
    if (this.isOver) return;
    const length = this.#length;
    const content = this.#pieces.bytes;
    const trailers = this.#trailers;
    const isLast = trailers !== undefined;
    if (content === 0 && this.#head === "" && !(isLast && length === undefined)) {
      if (isLast) this.#complete();
      return;
    }
    const chunks = length === undefined;
    const before = chunks && content > 0 ? this.#head + chunkHeader(content) : this.#head;
    let after = chunks && content > 0 ? CHUNK_END : "";
    if (isLast && chunks) after += lastChunk(trailers);
    this.#head = "";
    this.#isWriting = true;
    const { connection } = this.#options;
    if (content <= JOINED_BYTES) connection.write(this.#pieces.join(before, after), this.#written);
    else {
      const pieces = this.#pieces.take();
      if (this.#givesMemory) this.#leaving = pieces;
      connection.writeAll(after === "" ? [before, ...pieces] : [before, ...pieces, after], this.#written);
    }
    if (isLast) this.#isLastWritten = true;
  }

  #afterWrite(error: Error | null | undefined): void {
    this.#isWriting = false;
    // After a failure they may still be under way.
    if (!error) for (const piece of this.#leaving) if (isFreed(piece)) free(piece);
    this.#leaving = NOTHING;
    if (this.isOver) return;
    this.activeAt = this.#options.clock.now();
    if (this.#isLastWritten) {
      this.#complete();
      return;
    }
    this.#flush();
    if (!this.#isPaused || this.#pieces.bytes >= WAITING_BYTES) return;
    this.#isPaused = false;
    this.#source?.resume();
  }

  #complete(): void {
    this.isOver = true;
    this.isComplete = true;
    this.#options.owner.uploaded();
  }
}
