/** Node's response object, with less work for the system and an end that can't be mistaken. */
import { ServerResponse } from "node:http";
import type { ProxyError } from "../../src/core/errors.ts";
import { ALWAYS_SERVING, type Lifecycle } from "../../src/core/lifecycle.ts";
import type { Burst, Sender } from "./burst.ts";

/** Above this, copying the body costs more than a gathered write of head and body. */
const ONE_WRITE_BYTES = 16 * 1024;

/** Smaller pieces are gathered until the end of the tick. */
const LARGE_PIECE_BYTES = 4 * 1024;

const NO_BODY = new Uint8Array();

type EndArguments = [chunk?: unknown, encoding?: unknown, callback?: unknown];

export class Outgoing extends ServerResponse implements Sender {
  /** Draining makes each response close its connection. */
  lifecycle: Lifecycle = ALWAYS_SERVING;
  /** With which small answers leave; by themselves where there is none. */
  burst: Burst | undefined;
  /** The client waits for `100 Continue` before it sends its body. */
  awaitsContinue = false;
  /** Why the server has taken the connection from this response. */
  refusal: ProxyError | undefined;
  #body: Uint8Array | undefined;

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

  /** A whole answer, if it is small, leaves with the others of its turn of the event loop. */
  override end(...args: EndArguments): this {
    const [chunk = NO_BODY] = args;
    const { burst } = this;
    const small = chunk instanceof Uint8Array && chunk.length <= ONE_WRITE_BYTES;
    if (burst === undefined || !small || args.length > 1 || this.#headSent) {
      return super.end(...(args as Parameters<ServerResponse["end"]>));
    }
    if (this.#body === undefined) burst.add(this);
    this.#body ??= chunk;
    return this;
  }

  /** The body becomes a string: head and body then leave in one plain write instead of a gathered one. */
  sendNow(): void {
    const body = this.#body;
    if (body === undefined || body.length === 0) super.end();
    else super.end(asBuffer(body).latin1Slice(), "latin1");
  }

  /** At the end of the tick, unless the first piece of the body takes the head along before that. */
  override flushHeaders(): void {
    process.nextTick(flushUnsentHead, this);
  }

  flushNow(): void {
    const endsSoon = this.#body !== undefined;
    if (!this.destroyed && !this.#headSent && !endsSoon) super.flushHeaders();
  }

  get #headSent(): boolean {
    return (this as { _headerSent?: boolean })._headerSent === true;
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
