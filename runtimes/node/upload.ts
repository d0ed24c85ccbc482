/** A request body on its way from the client's connection to undici, which reads it as if it were a stream. */
import { EventEmitter } from "node:events";
import { ProxyError } from "../../src/core/errors.ts";
import type { NodeArrival } from "./arrival.ts";
import { discardRest } from "./discard.ts";
import { IdleTimer } from "./idle-timer.ts";

const LARGE_BYTES = 16 * 1024;

export interface UploadLimits {
  readonly maxBytes: number;
  /** Milliseconds between two pieces; 0 is no limit. */
  readonly idleMs: number;
}

/**
 * Speaks as much of `Readable` as undici asks for. Handing it `incoming` itself would let it destroy the client's
 * connection with the body, and a `Readable` in between would cost a second buffer.
 *
 * Ends only when the client's message ended by its framing; anything else is an `error`, so that the origin never
 * takes part of a body for the whole.
 */
export class Upload extends EventEmitter {
  readonly #arrival: NodeArrival;
  readonly #limits: UploadLimits;
  #bytes = 0;
  #idle: IdleTimer | undefined;
  #started = false;
  #paused = false;
  destroyed = false;
  /** All of it has been handed over. */
  complete = false;

  constructor(arrival: NodeArrival, limits: UploadLimits) {
    super();
    this.#arrival = arrival;
    this.#limits = limits;
  }

  /** Present because undici tells streams by it. */
  pipe(): never {
    throw new TypeError("an upload can't be piped");
  }

  resume(): this {
    if (this.destroyed || this.complete) return this;
    this.#paused = false;
    if (this.#started) this.#arrival.incoming.resume();
    else this.#start();
    return this;
  }

  pause(): this {
    this.#paused = true;
    this.#arrival.incoming.pause();
    return this;
  }

  /** Stops reading for the upstream; what still comes is thrown away. */
  destroy(): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.#detach();
    if (!this.complete) discardRest(this.#arrival.incoming, this.#arrival.connection);
    return this;
  }

  /** Set by whoever sends: all that was given is the system's now. */
  hasSent: () => boolean = () => false;
  /** Set by whoever sends. */
  whenComplete: () => void = () => {};

  #isOursAlone({ buffer, byteLength }: Buffer): boolean {
    return buffer.byteLength === byteLength && this.#arrival.incoming.listenerCount("data") === 1;
  }

  #start(): void {
    this.#started = true;
    const { incoming } = this.#arrival;
    if (incoming.destroyed) {
      setImmediate(() => this.#fail(gone()));
      return;
    }
    incoming.on("data", this.#onData).on("end", this.#onEnd).on("close", this.#onClose);
    const { idleMs } = this.#limits;
    if (idleMs > 0) this.#idle = new IdleTimer(idleMs, this.#stalled);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limits.maxBytes) {
      this.#fail(new ProxyError("body-too-large", { detail: `more than ${this.#limits.maxBytes} bytes` }));
      return;
    }
    this.#idle?.touch();
    this.emit("data", chunk);
    if (chunk.length >= LARGE_BYTES && this.#isOursAlone(chunk) && this.hasSent()) freed(chunk);
  };

  readonly #onEnd = (): void => {
    this.complete = true;
    this.#detach();
    this.emit("end");
    this.whenComplete();
  };

  readonly #onClose = (): void => this.#fail(gone());

  readonly #stalled = (): void => {
    const { idleMs } = this.#limits;
    const stalled = `nothing moved for ${idleMs} ms`;
    this.#fail(
      this.#paused
        ? new ProxyError("attempt-timeout", {
            detail: `upstream stopped reading the request body: ${stalled}`,
          })
        : new ProxyError("request-timeout", {
            detail: `client stopped sending the request body: ${stalled}`,
          }),
    );
  };

  #fail(error: ProxyError): void {
    if (this.destroyed || this.complete) return;
    this.destroy();
    if (this.listenerCount("error") > 0) this.emit("error", error);
    this.emit("close");
  }

  #detach(): void {
    this.#idle?.stop();
    if (this.#started) {
      this.#arrival.incoming.off("data", this.#onData).off("end", this.#onEnd).off("close", this.#onClose);
    }
  }
}

/** Gives the memory back at once: a long upload would leave tens of megabytes to the garbage collector. */
const freed = ({ buffer }: Buffer): void => {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
};

const gone = (): ProxyError =>
  new ProxyError("client-closed", { detail: "client left before the end of its request body" });
