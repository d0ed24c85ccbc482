/** A TCP connection below TLS that stops reading while TLS's reader is paused. */
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";

/**
 * For runtimes whose TLS sockets go on reading, into memory without bounds, while they are paused (see the capability `tls-pause`).
 * TLS over a stream gets only what that stream passes on, so the connection is paused here.
 *
 * Has no addresses; those of `connection` are its own. Closes together with `connection`.
 */
export class PacedSocket extends Duplex {
  readonly connection: Socket;
  #reader: TLSSocket | undefined;

  constructor(connection: Socket) {
    super({ allowHalfOpen: connection.allowHalfOpen });
    this.connection = connection;
    this.on("error", () => {});
    connection.on("data", (bytes: Uint8Array) => {
      if (!this.push(bytes) || this.#isHeld) connection.pause();
    });
    connection.on("end", () => this.push(null));
    connection.on("error", (error) => this.destroy(error));
    connection.on("close", () => {
      // What came before the end in order is still to be passed on.
      if (connection.readableEnded && !this.readableEnded) this.once("end", () => this.destroy());
      else this.destroy();
    });
    connection.resume();
  }

  /** From now on nothing is read while `secured`, the TLS socket over this one, is paused. */
  paceBy(secured: TLSSocket): void {
    this.#reader = secured;
    secured.on("pause", () => this.#pauseOrResume());
    secured.on("resume", () => this.#pauseOrResume());
  }

  override _read(): void {
    this.#pauseOrResume();
  }

  override _write(bytes: Uint8Array, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.connection.write(bytes, done);
  }

  override _final(done: () => void): void {
    if (this.connection.writableEnded || this.connection.destroyed) done();
    else this.connection.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.connection.destroy();
    done(error);
  }

  get #isHeld(): boolean {
    return this.#reader?.isPaused() === true;
  }

  #pauseOrResume(): void {
    if (this.#isHeld) this.connection.pause();
    else this.connection.resume();
  }
}
