/** Node's response object, with less work for the system and an end that can't be mistaken. */
import { ServerResponse } from "node:http";
import { ALWAYS_SERVING, type Lifecycle } from "../../src/core/lifecycle.ts";

/** Above this, copying the body costs more than a gathered write of head and body. */
const ONE_WRITE_BYTES = 16 * 1024;

/** Smaller pieces are gathered until the end of the tick. */
const LARGE_PIECE_BYTES = 4 * 1024;

type EndArguments = [chunk?: unknown, encoding?: unknown, callback?: unknown];

export class Outgoing extends ServerResponse {
  /** Draining makes each response close its connection. */
  lifecycle: Lifecycle = ALWAYS_SERVING;
  /** The client waits for `100 Continue` before it sends its body. */
  awaitsContinue = false;

  override writeHead(...args: unknown[]): this {
    // After the last request of a connection Node says so, but leaves the connection open.
    if (this.lifecycle.draining || (this as LastResponse).maxRequestsOnConnectionReached === true) {
      this.shouldKeepAlive = false;
    }
    return super.writeHead(...(args as Parameters<ServerResponse["writeHead"]>));
  }

  /** A large piece goes to the system at once, so that its buffer is free again; Node would hold it to the end of the tick. */
  override write(...args: EndArguments): boolean {
    const flowing = super.write(...(args as Parameters<ServerResponse["write"]>));
    const [chunk] = args;
    if (!(chunk instanceof Uint8Array) || chunk.length < LARGE_PIECE_BYTES) return flowing;
    this.uncork();
    return flowing || this.writableLength === 0;
  }

  /** A small body becomes a string: head and body then leave in one plain write instead of a gathered one. */
  override end(...args: EndArguments): this {
    const [chunk] = args;
    if (chunk instanceof Uint8Array && chunk.length <= ONE_WRITE_BYTES && args.length === 1) {
      return super.end(asBuffer(chunk).latin1Slice(), "latin1");
    }
    return super.end(...(args as Parameters<ServerResponse["end"]>));
  }

  /** At the end of the tick, unless the first piece of the body takes the head along before that. */
  override flushHeaders(): void {
    process.nextTick(flushUnsentHead, this);
  }

  flushNow(): void {
    if (!this.destroyed && !(this as { _headerSent?: boolean })._headerSent) super.flushHeaders();
  }

  /** A response that breaks off resets its connection: a plain close would look like its end to HTTP/1.0 clients. */
  override destroy(error?: Error): this {
    const { socket } = this;
    if (socket !== null && this.headersSent && !this.writableEnded && !socket.destroyed) {
      socket.resetAndDestroy();
    }
    return super.destroy(error);
  }
}

interface LastResponse {
  readonly maxRequestsOnConnectionReached?: boolean;
}

const flushUnsentHead = (outgoing: Outgoing): void => outgoing.flushNow();

const asBuffer = (bytes: Uint8Array): Buffer & { latin1Slice(): string } =>
  (Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)) as Buffer & {
    latin1Slice(): string;
  };
