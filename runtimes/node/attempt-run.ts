/** One attempt on its way through undici: from waiting for a connection to the last byte of the response. */
import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import type { Attempt } from "../../src/core/exchange.ts";
import { ProxyError } from "../../src/core/errors.ts";
import type { HeaderRecord } from "../../src/http/header-edits.ts";
import { NodeArrival } from "./arrival.ts";
import { IdleTimer } from "./idle-timer.ts";
import { type Phase, isConnectionLoss, transportFailure } from "./failures.ts";
import type { Connection, EndpointConnections, Waiter } from "./pool.ts";
import type { Borrower } from "./read-buffer.ts";
import { isBodiless, responseFields, responseFlaw } from "./response-fields.ts";
import { type BodySource, UpstreamBody } from "./upstream-body.ts";
import type { Upload } from "./upload.ts";

/** A piece up to this is copied rather than lent, and a body up to this is handed over whole. */
const SMALL_BYTES = 16 * 1024;

/** Interim responses to one request. Servers send a few: hints, or signs of life while they work. */
const MAX_INTERIMS = 64;

/** RFC 9110 §9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"]);

/** What one run needs. */
export interface RunOptions {
  readonly attempt: Attempt;
  readonly connections: EndpointConnections;
  readonly request: Dispatcher.DispatchOptions;
  /** The request's body where it is read from Node's server. */
  readonly upload: Upload | undefined;
  resolve(response: Response): void;
  reject(error: ProxyError): void;
}

/**
 * Every method may be called by undici, the pool, the client's cancellation or the consumer of the body, in any order;
 * the first one that ends the run ends it once.
 *
 * The response is handed over at the end of the tick in which its head came: by then a small body is there too and goes
 * out in one piece, and a long or slow one has not been held up.
 */
export class AttemptRun implements Dispatcher.DispatchHandler, Waiter, BodySource, Borrower {
  readonly #options: RunOptions;
  #phase: Phase = "connecting";
  #connection: Connection | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #leaveLine: (() => void) | undefined;
  #unsubscribe: (() => void) | undefined;
  #over = false;

  #onUsedConnection = false;
  #answered = false;
  #interims = 0;
  #status = 0;
  #fields: HeaderRecord | undefined;
  #reusable = true;
  #pieces: Uint8Array[] = [];
  #body: UpstreamBody | undefined;
  #handedOver = false;

  #idleMs = 0;
  #idle: IdleTimer | undefined;

  constructor(options: RunOptions) {
    this.#options = options;
  }

  start(): void {
    const { attempt, connections } = this.#options;
    this.#unsubscribe = attempt.cancellation.subscribe((reason) => this.cancel(reason));
    if (this.#over) {
      this.#unsubscribe();
      return;
    }
    const connection = connections.tryAcquire();
    if (connection === undefined) this.#leaveLine = connections.wait(this);
    else this.acquired(connection);
  }

  acquired(connection: Connection): void {
    this.#leaveLine = undefined;
    this.#connection = connection;
    const { upload } = this.#options;
    if (upload !== undefined) upload.hasSent = () => connection.hasSent();
    connection.client.dispatch(this.#options.request, this);
  }

  refused(error: ProxyError): void {
    this.#leaveLine = undefined;
    this.#fail(error);
  }

  /** Client gone, out of time, or nobody reads the body any more. */
  cancel(reason: unknown): void {
    if (this.#over) return;
    const error = reason instanceof ProxyError ? reason : new ProxyError("client-closed", { cause: reason });
    this.#leaveLine?.();
    this.#giveUp(error);
  }

  pause(): void {
    if (!this.#over) this.#controller?.pause();
  }

  resume(): void {
    if (this.#over) return;
    this.#idle?.touch();
    this.#controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Cancelled while it waited for the connection.
    if (this.#over) {
      controller.abort(new ProxyError("client-closed"));
      return;
    }
    this.#controller = controller;
    this.#phase = "waiting";
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#onUsedConnection = connection.carried++ > 0;
    // Behind earlier requests of a pipeline the next bytes belong to their responses.
    if (connection.inFlight === 1) connection.expectResponse();
  }

  onResponseStarted(): void {
    this.#answered = true;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (this.#over) return;
    const { attempt } = this.#options;
    const flaw = status < 200 ? this.#interimFlaw() : responseFlaw(status, headers);
    if (flaw !== undefined) {
      const where = attempt.endpoint.socketPath ?? attempt.endpoint.authority;
      this.#giveUp(new ProxyError("bad-upstream-response", { detail: `${flaw} from ${where}` }));
      return;
    }
    if (status < 200) return;
    const { method } = attempt.exchange.arrival.head;
    this.#phase = "receiving";
    this.#status = status;
    this.#fields = responseFields(headers, attempt.responseEdits, status);
    // undici closes these connections by itself, but later than the next exchange may ask for one.
    this.#reusable = method !== "HEAD" && headers.connection !== "close";
    if (isBodiless(method, status)) {
      this.#handOver(null);
      return;
    }
    this.#idleMs = isEventStream(headers["content-type"])
      ? attempt.timeouts.eventStreamIdleMs
      : attempt.timeouts.idleMs;
    queueMicrotask(() => this.#streamTheRest());
  }

  onResponseData(_controller: Dispatcher.DispatchController, piece: Buffer): void {
    if (this.#over) return;
    const body = this.#body;
    if (body === undefined) {
      if (!this.#handedOver) this.#pieces.push(this.#own(piece));
      return;
    }
    this.#idle?.touch();
    if (piece.length <= SMALL_BYTES) body.push(Buffer.from(piece));
    else if (!body.push(piece) || !this.hasReturned) this.#connection?.lend(this);
  }

  /** The buffer that a piece lies in is read into again: a small piece is copied out, a large one keeps it. */
  #own(piece: Buffer): Buffer {
    if (piece.length <= SMALL_BYTES) return Buffer.from(piece);
    this.#connection?.lend(this);
    return piece;
  }

  /** node-server has written every piece to this very client, and the system has taken all of it over. */
  get hasReturned(): boolean {
    const { arrival } = this.#options.attempt.exchange;
    return (
      this.#body?.isWrittenDirectly === true &&
      arrival instanceof NodeArrival &&
      arrival.outgoing.writableLength === 0
    );
  }

  /** Trailers end here. */
  onResponseEnd(): void {
    if (this.#over) return;
    const { upload } = this.#options;
    this.#finish(this.#reusable && (upload === undefined || upload.complete));
    if (this.#body !== undefined) this.#body.end();
    else if (!this.#handedOver) this.#handOverAll();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#lostRace(error)) {
      this.#sendAgain();
      return;
    }
    this.#fail(transportFailure(error, this.#phase, this.#options.attempt.endpoint));
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
    this.#body = new UpstreamBody(this, this.#pieces);
    this.#body.end();
    this.#handOver(this.#body);
  }

  /**
   * The upstream closed an idle connection while this request was on its way into it (RFC 9112 §9.3.1). Nothing came
   * back, and asking twice does no harm.
   */
  #lostRace(error: Error): boolean {
    const { attempt } = this.#options;
    return (
      !this.#over &&
      this.#phase === "waiting" &&
      this.#onUsedConnection &&
      !this.#answered &&
      IDEMPOTENT.has(attempt.exchange.arrival.head.method) &&
      !attempt.exchange.arrival.body.present &&
      isConnectionLoss(error)
    );
  }

  /** On the same client, whose connection is gone, and so on a fresh one: at most once. */
  #sendAgain(): void {
    this.#phase = "connecting";
    this.#controller = undefined;
    const connection = this.#connection;
    if (connection === undefined) return;
    connection.carried = 0;
    connection.client.dispatch(this.#options.request, this);
  }

  #streamTheRest(): void {
    if (this.#over || this.#handedOver) return;
    const body = new UpstreamBody(this, this.#pieces);
    this.#body = body;
    this.#handOver(body);
    if (this.#idleMs > 0) this.#idle = new IdleTimer(this.#idleMs, this.#stalled);
  }

  /** undici counts the time to the first byte anew after each of them. */
  #interimFlaw(): string | undefined {
    return ++this.#interims > MAX_INTERIMS ? "no end of interim responses" : undefined;
  }

  #handOver(body: Uint8Array | UpstreamBody | null): void {
    this.#handedOver = true;
    // node-server's Response takes records with lists and bodies that act like streams; so does Node's own.
    const init = { status: this.#status, headers: this.#fields } as ResponseInit;
    this.#options.resolve(new Response(body as BodyInit | null, init));
  }

  #fail(error: ProxyError): void {
    if (this.#over) return;
    this.#finish(false);
    if (this.#body !== undefined) this.#body.fail(error);
    else if (!this.#handedOver) this.#options.reject(error);
  }

  #giveUp(error: ProxyError): void {
    this.#fail(error);
    this.#controller?.abort(error);
  }

  #finish(intact: boolean): void {
    this.#over = true;
    this.#idle?.stop();
    this.#unsubscribe?.();
    const { connections, upload } = this.#options;
    if (upload !== undefined && !upload.complete) upload.destroy();
    if (this.#connection !== undefined) connections.release(this.#connection, intact);
  }

  /** A consumer that holds the upstream up is the server's affair. */
  readonly #stalled = (): void => {
    if (this.#body?.paused === true) {
      this.#idle?.restart();
      return;
    }
    const error = new ProxyError("attempt-timeout", {
      detail: `no byte of the response body for ${this.#idleMs} ms`,
    });
    this.#giveUp(error);
  };
}

const isEventStream = (contentType: string | undefined): boolean =>
  contentType !== undefined && /^text\/event-stream\b/i.test(contentType);

const whole = (pieces: readonly Uint8Array[]): Uint8Array => {
  const [first, ...rest] = pieces;
  if (first === undefined) return Buffer.alloc(0);
  return rest.length === 0 ? first : Buffer.concat(pieces);
};
