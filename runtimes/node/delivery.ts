/** An upstream's response on its way to whoever asked for it. */
import { type IncomingHttpHeaders, ServerResponse } from "node:http";
import { ProxyError } from "../../src/core/errors.ts";
import type { Attempt } from "../../src/core/exchange.ts";
import type { HeaderRecord } from "../../src/http/header-edits.ts";
import { isContentless } from "../../src/http/status.ts";
import { IdleTimer } from "./idle-timer.ts";
import type { Borrower } from "./read-buffer.ts";
import { responseFields } from "./response-fields.ts";
import { type BodySource, UpstreamBody } from "./upstream-body.ts";

/** A piece up to this is copied rather than lent, and a body up to this is handed over whole. */
const SMALL_BYTES = 16 * 1024;

/** What brings the response. */
export interface Carrier extends BodySource {
  /** The piece given last is in use for longer than the call it was given in. */
  lend(borrower: Borrower): void;
}

/** Who asked. One of both is called, once. */
export interface Recipient {
  resolve(response: Response): void;
  reject(error: ProxyError): void;
}

/**
 * The response is handed over at the end of the tick in which its head came: by then a small body is there too and goes
 * out in one piece, and a long or slow one has not been held up.
 */
export class Delivery implements Borrower {
  readonly #attempt: Attempt;
  readonly #carrier: Carrier;
  readonly #recipient: Recipient;
  #settled = false;
  #status = 0;
  #fields: HeaderRecord | undefined;
  #pieces: Uint8Array[] = [];
  #body: UpstreamBody | undefined;
  #idleMs = 0;
  #idle: IdleTimer | undefined;

  constructor(attempt: Attempt, carrier: Carrier, recipient: Recipient) {
    this.#attempt = attempt;
    this.#carrier = carrier;
    this.#recipient = recipient;
  }

  /** The head of the final response. */
  begin(status: number, headers: IncomingHttpHeaders): void {
    const { exchange, responseEdits, timeouts } = this.#attempt;
    this.#status = status;
    this.#fields = responseFields(headers, responseEdits, status);
    if (isContentless(status) || exchange.arrival.head.method === "HEAD") {
      this.#handOver(null);
      return;
    }
    this.#idleMs = isEventStream(headers["content-type"]) ? timeouts.eventStreamIdleMs : timeouts.idleMs;
    queueMicrotask(() => this.#streamTheRest());
  }

  piece(piece: Buffer): void {
    const body = this.#body;
    if (body === undefined) {
      if (!this.#settled) this.#pieces.push(this.#own(piece));
      return;
    }
    this.#idle?.touch();
    if (piece.length <= SMALL_BYTES) body.push(Buffer.from(piece));
    else if (!body.push(piece) || !this.hasReturned) this.#carrier.lend(this);
  }

  /** Bytes are on their way again after a pause. */
  resumed(): void {
    this.#idle?.touch();
  }

  end(): void {
    this.#idle?.stop();
    if (this.#body !== undefined) this.#body.end();
    else if (!this.#settled) this.#handOverAll();
  }

  fail(error: ProxyError): void {
    this.#idle?.stop();
    if (this.#body !== undefined) {
      this.#body.fail(error);
    } else if (!this.#settled) {
      this.#settled = true;
      this.#recipient.reject(error);
    }
  }

  /** node-server has written every piece to this very client, and the system has taken all of it over. */
  get hasReturned(): boolean {
    const { connection } = this.#attempt.exchange.arrival;
    return (
      this.#body?.isWrittenDirectly === true &&
      connection instanceof ServerResponse &&
      connection.writableLength === 0
    );
  }

  /** The buffer that a piece lies in is read into again: a small piece is copied out, a large one keeps it. */
  #own(piece: Buffer): Buffer {
    if (piece.length <= SMALL_BYTES) return Buffer.from(piece);
    this.#carrier.lend(this);
    return piece;
  }

  /** The whole body has come already. A large one goes out piece by piece, so that what was lent comes back. */
  #handOverAll(): void {
    let bytes = 0;
    for (const piece of this.#pieces) bytes += piece.length;
    if (bytes <= SMALL_BYTES) {
      this.#handOver(whole(this.#pieces));
      return;
    }
    if (this.#fields !== undefined) this.#fields["content-length"] ??= `${bytes}`;
    this.#body = new UpstreamBody(this.#carrier, this.#pieces);
    this.#body.end();
    this.#handOver(this.#body);
  }

  #streamTheRest(): void {
    if (this.#settled) return;
    const body = new UpstreamBody(this.#carrier, this.#pieces);
    this.#body = body;
    this.#handOver(body);
    if (this.#idleMs > 0) this.#idle = new IdleTimer(this.#idleMs, this.#stalled);
  }

  #handOver(body: Uint8Array | UpstreamBody | null): void {
    this.#settled = true;
    // node-server's Response takes records with lists and bodies that act like streams; so does Node's own.
    const init = { status: this.#status, headers: this.#fields } as ResponseInit;
    this.#recipient.resolve(new Response(body as BodyInit | null, init));
  }

  /** A consumer that holds the upstream up is the server's affair. */
  readonly #stalled = (): void => {
    if (this.#body?.paused === true) {
      this.#idle?.restart();
      return;
    }
    const detail = `no byte of the response body for ${this.#idleMs} ms`;
    this.#carrier.cancel(new ProxyError("attempt-timeout", { detail }));
  };
}

const isEventStream = (contentType: string | undefined): boolean =>
  contentType !== undefined && /^text\/event-stream\b/i.test(contentType);

const whole = (pieces: readonly Uint8Array[]): Uint8Array => {
  const [first, ...rest] = pieces;
  if (first === undefined) return Buffer.alloc(0);
  return rest.length === 0 ? first : Buffer.concat(pieces);
};
