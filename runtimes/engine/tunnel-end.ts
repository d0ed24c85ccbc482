/** One end of a tunnel: the bytes of a connection that has switched protocols (RFC 9110 §7.8). */
import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { ByteSink, ByteSource } from "../../src/core/body.ts";
import type { ProxyError } from "../../src/core/errors.ts";
import { PieceStack } from "./piece-stack.ts";
import { resetSocket } from "./reset-socket.ts";
import { Turns } from "./turns.ts";

/** What is not written yet; above it the source is paused. */
const WAITING_BYTES = 64 * 1024;
/** Up to here copying pieces into one buffer is cheaper than writing them apart. */
const JOINED_BYTES = 16 * 1024;

/** Read in a row; then it is the turn of other connections. */
const TURN_BYTES = 256 * 1024;

/** What is left to be written when both sides have ended is given up when no byte of it leaves for so long. */
const FLUSHING_MS = 30_000;

export interface TunnelEndOptions {
  /** Paused, and without listeners for `data` and `end`. */
  readonly socket: Socket;
  /** What was read behind the head. */
  readonly early: Buffer | undefined;
  /** The peer has already ended its side. @default false */
  readonly hasEnded?: boolean;
  /** Bytes moved in either direction. */
  readonly active?: () => void;
  /** The error of a lost connection, from what the socket reported. */
  readonly lost: (cause: Error | undefined) => ProxyError;
  /** Both directions have ended in order, or `error` tells why not. Called once. */
  readonly closed: (error: ProxyError | undefined) => void;
}

/**
 * A source of what the peer sends, and a sink for what is sent to it. Each direction ends by itself (half-close), and each
 * is held up by the pace of the other end. Small pieces that wait are written together: memory goes by bytes.
 */
export class TunnelEnd implements ByteSource, ByteSink {
  readonly #options: TunnelEndOptions;
  readonly #waiting = new PieceStack();
  readonly #written = (): void => this.#afterWrite();
  readonly #turns = new Turns(TURN_BYTES, () => this.#readOn());
  /** Takes what the peer sends. */
  #sink: ByteSink | undefined;
  /** Provides what is sent to the peer. */
  #source: ByteSource | undefined;
  #cause: Error | undefined;
  #hasReadAll = false;
  #isEnding = false;
  #isWriting = false;
  /** Whether the source waits for `resume`. */
  #holdsSource = false;
  /** The sink has enough. */
  #isHeld = false;
  #isClosed = false;
  /** Why both directions were given up, for who comes later. */
  #error: ProxyError | undefined;
  bytesSent = 0;
  bytesReceived = 0;

  constructor(options: TunnelEndOptions) {
    this.#options = options;
    const { socket } = options;
    socket.on("error", (error) => (this.#cause ??= error));
    socket.on("data", (bytes: Buffer) => this.#received(bytes));
    socket.on("end", () => this.#peerEnded());
    socket.on("close", () => this.#socketClosed());
  }

  /** Sends what `source` delivers. */
  send(source: ByteSource): void {
    if (this.#error !== undefined) {
      source.cancel(this.#error);
      return;
    }
    this.#source = source;
    source.start(this);
  }

  start(sink: ByteSink): void {
    if (this.#error !== undefined) {
      sink.fail(this.#error);
      return;
    }
    this.#sink = sink;
    const { early, hasEnded } = this.#options;
    this.#isHeld = early !== undefined && early.length > 0 && !this.#deliver(early);
    if (hasEnded === true) this.#peerEnded();
    else this.#readOn();
  }

  resume(): void {
    this.#isHeld = false;
    this.#readOn();
  }

  /** Whoever read what the peer sends is gone. What was written in order before still leaves. */
  cancel(reason: ProxyError): void {
    this.#sink = undefined;
    this.#close(reason, this.#isEnding);
  }

  /** Two writes may be under way at the socket, the second one of which reports back. What comes then waits here. */
  write(bytes: Uint8Array): boolean {
    if (this.#isClosed || this.#isEnding) return false;
    const { socket, active } = this.#options;
    this.bytesSent += bytes.length;
    if (this.#isWriting) this.#waiting.push(bytes);
    else {
      active?.();
      if (socket.writableLength === 0) {
        socket.write(bytes);
        return true;
      }
      this.#isWriting = true;
      socket.write(bytes, this.#written);
    }
    this.#holdsSource = this.#unwritten >= WAITING_BYTES;
    return !this.#holdsSource;
  }

  end(): void {
    this.#source = undefined;
    this.#isEnding = true;
    if (!this.#isWriting) this.#flush();
  }

  fail(error: ProxyError): void {
    this.#source = undefined;
    this.#close(error, false);
  }

  #received(bytes: Buffer): void {
    if (!this.#deliver(bytes)) this.#isHeld = true;
    this.#turns.took(bytes.length);
    if (this.#isHeld || this.#turns.isOver) this.#options.socket.pause();
  }

  #readOn(): void {
    if (!this.#isHeld && !this.#isClosed && !this.#turns.isOver) this.#options.socket.resume();
  }

  #deliver(bytes: Buffer): boolean {
    this.bytesReceived += bytes.length;
    this.#options.active?.();
    return this.#sink?.write(bytes) !== false;
  }

  get #unwritten(): number {
    return this.#waiting.bytes + this.#options.socket.writableLength;
  }

  #flush(): void {
    if (this.#isClosed) return;
    const { socket } = this.#options;
    const { bytes } = this.#waiting;
    if (bytes === 0) {
      if (!this.#isEnding) return;
      socket.end();
      if (this.#hasReadAll) this.#close(undefined, true);
      return;
    }
    this.#isWriting = true;
    if (bytes <= JOINED_BYTES) {
      socket.write(this.#waiting.join("", ""), this.#written);
      return;
    }
    const pieces = this.#waiting.take();
    const last = pieces.pop() as Uint8Array;
    socket.cork();
    for (const piece of pieces) socket.write(piece);
    socket.write(last, this.#written);
    socket.uncork();
  }

  #afterWrite(): void {
    this.#isWriting = false;
    if (this.#isClosed) return;
    this.#options.active?.();
    this.#flush();
    if (!this.#holdsSource || (this.#isWriting && this.#unwritten >= WAITING_BYTES)) return;
    this.#holdsSource = false;
    this.#source?.resume();
  }

  #peerEnded(): void {
    if (this.#isClosed || this.#hasReadAll) return;
    this.#hasReadAll = true;
    const sink = this.#sink;
    this.#sink = undefined;
    sink?.end([]);
    if (this.#isEnding && !this.#isWriting) this.#close(undefined, true);
  }

  #socketClosed(): void {
    if (this.#isClosed) return;
    const isInOrder = this.#hasReadAll && this.#isEnding && this.#cause === undefined;
    this.#close(isInOrder ? undefined : this.#options.lost(this.#cause), false);
  }

  /** Ends both directions. @param flushes whether what was written still leaves */
  #close(error: ProxyError | undefined, flushes: boolean): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#error = error;
    const [sink, source] = [this.#sink, this.#source];
    this.#sink = undefined;
    this.#source = undefined;
    const { socket, closed } = this.#options;
    if (flushes) {
      // For a peer that reads nothing any more.
      socket.setTimeout(FLUSHING_MS, () => socket.destroy());
      socket.destroySoon();
    } else if (error?.cause === undefined) socket.destroy();
    // The other connection did not end in order, and this one must not look as if it did.
    else resetSocket(socket);
    if (error !== undefined) {
      sink?.fail(error);
      source?.cancel(error);
    }
    closed(error);
  }
}
