/** One attempt on its way through undici: from waiting for a connection to the last byte of the response. */
import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import type { Attempt } from "../../src/core/exchange.ts";
import { ProxyError } from "../../src/core/errors.ts";
import { IDEMPOTENT } from "../../src/http/method.ts";
import { type Carrier, Delivery, type Recipient } from "./delivery.ts";
import { FirstByteTimer } from "./first-byte-timer.ts";
import { type Phase, isConnectionLoss, transportFailure } from "./failures.ts";
import type { Connection, EndpointConnections, Waiter } from "./pool.ts";
import type { Borrower } from "./read-buffer.ts";
import { isInterim, responseFlaw } from "./response-fields.ts";
import type { Content } from "./request-body.ts";
import type { Upload } from "./upload.ts";

/** Interim responses to one request. Servers send a few: hints, or signs of life while they work. */
const MAX_INTERIMS = 64;

/** What one run needs. */
export interface RunOptions extends Recipient {
  readonly attempt: Attempt;
  readonly connections: EndpointConnections;
  readonly request: Dispatcher.DispatchOptions;
  /** The request's body where it comes piece by piece. */
  readonly content: Content | undefined;
  /** The same where it is read from Node's server. */
  readonly upload: Upload | undefined;
}

/**
 * Every method may be called by undici, the pool, the client's cancellation or the consumer of the body, in any order;
 * the first one that ends the run ends it once.
 */
export class AttemptRun implements Dispatcher.DispatchHandler, Waiter, Carrier {
  readonly #options: RunOptions;
  readonly #delivery: Delivery;
  #phase: Phase = "connecting";
  #connection: Connection | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #leaveLine: (() => void) | undefined;
  #unsubscribe: (() => void) | undefined;
  #over = false;
  #firstByte: FirstByteTimer | undefined;

  #onUsedConnection = false;
  #answered = false;
  #interims = 0;
  #reusable = true;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#delivery = new Delivery(options.attempt, this, options);
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
    const { content, upload } = this.#options;
    if (content !== undefined) {
      const timer = new FirstByteTimer(this.#options.attempt, (error) => this.#giveUp(error));
      this.#firstByte = timer;
      content.whenComplete = () => {
        if (!this.#over && this.#phase === "waiting") timer.start();
      };
      // An upload says so itself.
      if (upload === undefined) content.whenFailed = (error) => this.cancel(error);
    }
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
    this.#delivery.resumed();
    this.#controller?.resume();
  }

  lend(borrower: Borrower): void {
    this.#connection?.lend(borrower);
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
    const interim = isInterim(status);
    const flaw = interim ? this.#interimFlaw() : responseFlaw(status, headers);
    if (flaw !== undefined) {
      const where = attempt.endpoint.socketPath ?? attempt.endpoint.authority;
      this.#giveUp(new ProxyError("bad-upstream-response", { detail: `${flaw} from ${where}` }));
      return;
    }
    if (interim) {
      this.#firstByte?.restart();
      return;
    }
    this.#firstByte?.stop();
    this.#phase = "receiving";
    // undici closes these connections by itself, but later than the next exchange may ask for one.
    this.#reusable = attempt.exchange.arrival.head.method !== "HEAD" && headers.connection !== "close";
    this.#delivery.begin(status, headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, piece: Buffer): void {
    if (!this.#over) this.#delivery.piece(piece);
  }

  /** Trailers end here. */
  onResponseEnd(): void {
    if (this.#over) return;
    const { upload } = this.#options;
    this.#finish(this.#reusable && (upload === undefined || upload.complete));
    this.#delivery.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#lostRace(error)) {
      this.#sendAgain();
      return;
    }
    this.#fail(transportFailure(error, this.#phase, this.#options.attempt.endpoint));
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

  /** The time to the first byte counts anew after each of them. */
  #interimFlaw(): string | undefined {
    return ++this.#interims > MAX_INTERIMS ? "no end of interim responses" : undefined;
  }

  #fail(error: ProxyError): void {
    if (this.#over) return;
    this.#finish(false);
    this.#delivery.fail(error);
  }

  #giveUp(error: ProxyError): void {
    this.#fail(error);
    this.#controller?.abort(error);
  }

  #finish(intact: boolean): void {
    this.#over = true;
    this.#firstByte?.stop();
    this.#unsubscribe?.();
    const { connections, upload } = this.#options;
    if (upload !== undefined && !upload.complete) upload.destroy();
    if (this.#connection !== undefined) connections.release(this.#connection, intact);
  }
}
