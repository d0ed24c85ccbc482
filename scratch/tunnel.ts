/** Bytes both ways between two sockets, after both ends have switched protocols (RFC 9110 §7.8). */
import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { ByteSink, ByteSource } from "../../src/core/body.ts";
import { ProxyError } from "../../src/core/errors.ts";

/** What its owner learns of one end of a tunnel. */
export interface TunnelEndEvents {
  /** Bytes moved in either direction. */
  active(): void;
  /** Both directions have ended, or the connection is lost, for which `error` is the reason. Called once. */
  closed(error: ProxyError | undefined): void;
}

/**
 * One end of a tunnel: a source of what its peer sends, and a sink for what is sent to it. Each direction ends by itself
 * (half-close), and each is held up by the other side's pace.
 */
export class TunnelEnd implements ByteSource, ByteSink {
  readonly #socket: Socket;
  readonly #events: TunnelEndEvents;
  readonly #lost: (detail: string) => ProxyError;
  #early: Buffer | undefined;
  /** Takes what the peer sends. */
  #sink: ByteSink | undefined;
  /** Provides what is sent to the peer. */
  #source: ByteSource | undefined;
  #readEnded = false;
  #writeEnded = false;
  #closed = false;
  bytesSent = 0;
  bytesReceived = 0;

  /**
   * Takes over `socket`, whose listeners of `data`, `end`, `drain`, `close` and `error` must be gone, and which is paused.
   *
   * @param early what was read behind the head.
   * @param lost makes the error of a lost connection: it tells which side's fault that is.
   */
  constructor(
    socket: Socket,
    early: Buffer | undefined,
    events: TunnelEndEvents,
    lost: (detail: string) => ProxyError,
  ) {
    this.#socket = socket;
    this.#early = early;
    this.#events = events;
    this.#lost = lost;
    socket.on("error", () => {});
    socket.on("data", (bytes: Buffer) => this.#received(bytes));
    socket.on("end", () => this.#peerEnded());
    socket.on("drain", () => this.#source?.resume());
    socket.on("close", () => this.#socketClosed());
  }

  /** Sends what `source` delivers. */
  send(source: ByteSource): void {
    this.#source = source;
    source.start(this);
  }

  start(sink: ByteSink): void {
    this.#sink = sink;
    const early = this.#early;
    this.#early = undefined;
    if (early !== undefined && early.length > 0) this.#received(early);
    if (!this.#socket.isPaused() || this.#closed) return;
    this.#socket.resume();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** The other side is gone. */
  cancel(reason: ProxyError): void {
    this.#sink = undefined;
    this.#close(reason);
  }

  write(bytes: Uint8Array): boolean {
    if (this.#closed) return false;
    this.bytesSent += bytes.byteLength;
    this.#events.active();
    return this.#socket.write(bytes);
  }

  end(): void {
    this.#source = undefined;
    this.#writeEnded = true;
    this.#socket.end();
    if (this.#readEnded) this.#close(undefined);
  }

  fail(error: ProxyError): void {
    this.#source = undefined;
    this.#close(error);
  }

  #received(bytes: Buffer): void {
    this.bytesReceived += bytes.length;
    this.#events.active();
    if (this.#sink?.write(bytes) === false) this.#socket.pause();
  }

  #peerEnded(): void {
    this.#readEnded = true;
    this.#sink?.end([]);
    this.#sink = undefined;
    if (this.#writeEnded) this.#close(undefined);
  }

  #socketClosed(): void {
    this.#close(this.#readEnded && this.#writeEnded ? undefined : this.#lost("connection lost"));
  }

  /** Ends both directions. Bytes that are still in the socket's buffer leave first, unless something went wrong. */
  #close(error: ProxyError | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    const [sink, source] = [this.#sink, this.#source];
    this.#sink = undefined;
    this.#source = undefined;
    if (error === undefined) this.#socket.destroySoon();
    else {
      this.#socket.destroy();
      sink?.fail(error);
      source?.cancel(error);
    }
    this.#events.closed(error);
  }
}
