/** One attempt: its request out, its response in. */
import type { Body } from "../../../src/core/body.ts";
import { type ProxyError, asProxyError } from "../../../src/core/errors.ts";
import type { Attempt } from "../../../src/core/exchange.ts";
import type { Cancel, Clock } from "../../../src/core/platform.ts";
import type { Reply } from "../../../src/core/reply.ts";
import { type ReplayBody, discarded } from "../../../src/resilience/replay-body.ts";
import type { BodyLength } from "../../../src/http1/body-length.ts";
import { persists } from "../../../src/http1/persistence.ts";
import type { ResponseHead } from "../../../src/http1/response-head.ts";
import type { DeadlineEntry, Deadlines } from "../deadlines.ts";
import { AttemptRecord } from "./attempt-record.ts";
import type { Connection, ConnectionUser } from "./connection.ts";
import { connectionLost, contentUnwanted } from "./failures.ts";
import { idleLimitMs } from "./keep-alive.ts";
import { keptBody, mayRepeat } from "./repeat.ts";
import { Patience } from "./patience.ts";
import type { Pool, Waiter } from "./pool.ts";
import { httpReply, isEventStream, streamedBody, wholeBody } from "./http-reply.ts";
import { type BodyOwner, ResponseBody } from "./response-body.ts";
import type { ResponseReceiver } from "./response-intake.ts";
import { sendRequest } from "./send-request.ts";
import type { Upload, UploadOwner } from "./upload.ts";
import { switchProblem, tunnelReply } from "./upstream-tunnel.ts";

export interface RoundtripOptions {
  readonly attempt: Attempt;
  readonly pool: Pool;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: ProxyError) => void;
}

/**
 * Called by the pool, the connection, the bodies of both directions, the sweep and the cancellation, in any order;
 * whatever ends it first ends it once.
 *
 * The connection goes back to the pool as soon as the response has been read from it, though the response's reader may
 * take longer, and the request's content is out. An upload may outlast the response (RFC 9112 §9.3): it goes on
 * while the connection persists, with the attempt settled already.
 */
export class Roundtrip
  implements Waiter, ConnectionUser, ResponseReceiver, BodyOwner, UploadOwner, DeadlineEntry
{
  readonly #options: RoundtripOptions;
  readonly #record: AttemptRecord;
  readonly #patience: Patience;
  #unsubscribe: Cancel | undefined;
  /** While something is to be read from it or written to it. */
  #connection: Connection | undefined;
  #upload: Upload | undefined;
  /** The request's content, while it may be sent once more. */
  #kept: ReplayBody | undefined;
  #head: ResponseHead | undefined;
  #length: BodyLength = "none";
  #body: ResponseBody | undefined;
  #isRead = false;
  #isOver = false;
  #isSwept = false;
  takesUsed: boolean;
  readonly isForTunnel: boolean;

  constructor(options: RoundtripOptions) {
    this.#options = options;
    this.isForTunnel = options.attempt.exchange.upgrade !== undefined;
    this.takesUsed = !this.isForTunnel;
    this.#record = new AttemptRecord(options.attempt, options.clock);
    this.#patience = new Patience(options.attempt.timeouts, options.attempt.exchange.endsAt);
  }

  get deadline(): number {
    return this.#patience.deadline;
  }

  get connectMs(): number {
    return this.#options.attempt.timeouts.connectMs;
  }

  start(): void {
    const { attempt, pool } = this.#options;
    this.#unsubscribe = attempt.cancellation.subscribe((reason) => this.#fail(reason));
    if (this.#isOver) {
      this.#leave();
      return;
    }
    const connection = this.isForTunnel ? undefined : pool.take(this.#record.startedAt);
    if (connection === undefined) this.#wait();
    else this.acquired(connection);
  }

  acquired(connection: Connection): void {
    const { attempt, clock } = this.#options;
    this.#sweep(false);
    const now = clock.now();
    this.#connection = connection;
    this.#record.acquired(now, connection.carried > 0);
    this.#patience.awaitHead(now);
    connection.use(this);
    connection.intake.begin(attempt.exchange.arrival.method);
    try {
      this.#kept ??= keptBody(attempt, connection);
      const body = this.#kept?.next() ?? attempt.body;
      this.#upload = sendRequest({ attempt, body, connection, owner: this, clock });
    } catch (error) {
      this.#fail(asProxyError(error));
      return;
    }
    this.#patience.upload = this.#upload;
    if (this.#upload?.isHeld === true) this.#patience.awaitContinue(now);
  }

  refused(error: ProxyError): void {
    this.#fail(error);
  }

  received(bytes: Uint8Array): void {
    this.#connection?.intake.push(bytes, this);
  }

  ended(error: Error | undefined): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    // Content that only the connection's end ends is complete now.
    if (error === undefined && !this.#isRead && connection.intake.end(this)) return;
    if (this.takesUsed && mayRepeat(this.#options.attempt, connection, this.#kept)) {
      connection.destroy();
      this.#connection = undefined;
      this.#upload?.stop(discarded());
      this.#upload = this.#patience.upload = undefined;
      this.#patience.startOver();
      this.#record.progress = "connecting";
      this.takesUsed = false;
      this.#wait();
      return;
    }
    this.#fail(connectionLost(this.#options.attempt.endpoint, error, this.#record.progress));
  }

  interim({ status, fields }: ResponseHead): boolean {
    this.#patience.awaitHead(this.#options.clock.now());
    if (status === 100) this.#upload?.release();
    else this.#options.attempt.exchange.arrival.interim(status, fields);
    return !this.#isOver;
  }

  switched(head: ResponseHead, rest: Uint8Array): void {
    const connection = this.#connection;
    const { attempt, clock, resolve } = this.#options;
    const problem = switchProblem(head, attempt.exchange.upgrade);
    if (connection === undefined || problem !== undefined) {
      this.malformed(problem ?? "");
      return;
    }
    const record = this.#record;
    record.answered(clock.now(), head);
    this.#isOver = true;
    this.#connection = undefined;
    this.#unsubscribe?.();
    resolve(tunnelReply(head, { connection, rest, attempt, record }));
  }

  head(head: ResponseHead, length: BodyLength, whole: Uint8Array | undefined): void {
    const now = this.#options.clock.now();
    this.#head = head;
    this.#length = length;
    this.#record.answered(now, head);
    this.#kept?.seal();
    const hasOwnReads = this.#connection?.hasOwnReads === true;
    let body: Body;
    if (whole === undefined) {
      this.#body = new ResponseBody(this, hasOwnReads);
      this.#patience.awaitContent(now);
      this.#patience.isEventStream = isEventStream(head);
      body = streamedBody(this.#body, length);
    } else {
      this.#record.bytesReceived = whole.length;
      body = wholeBody(whole, length, hasOwnReads);
    }
    // An upstream that refuses and is going to close wants no more content (RFC 9112 §9.3).
    if (head.status >= 400 && !this.#isPersistent) this.#upload?.stop(contentUnwanted());
    this.#options.resolve(httpReply(head, length, body));
  }

  content(bytes: Uint8Array): void {
    this.#record.bytesReceived += bytes.length;
    this.#patience.received(this.#options.clock.now());
    this.#body?.push(bytes);
  }

  complete(trailers: readonly string[], hasExcess: boolean): void {
    if (this.#isOver) return;
    this.#isRead = true;
    if (this.#body === undefined) this.delivered();
    else this.#body.end(trailers);
    if (!this.#record.isSettled) this.#patience.awaitReader(this.#options.clock.now());
    this.#parts(hasExcess);
  }

  malformed(detail: string): void {
    this.#fail(this.#record.failure("bad-upstream-response", detail));
  }

  held(): void {
    this.#connection?.pause();
    this.#patience.awaitReader(this.#options.clock.now());
  }

  wanted(): void {
    if (!this.#patience.awaitsReader) return;
    this.#patience.awaitContent(this.#options.clock.now());
    this.#connection?.resume();
  }

  delivered(): void {
    this.#patience.answered();
    this.#record.noteSent(this.#upload);
    this.#record.settle(undefined);
    this.#leave();
  }

  cancelled(reason: ProxyError): void {
    this.#body = undefined;
    this.#fail(reason);
  }

  uploaded(): void {
    if (this.#isRead) this.#parts(false);
    else if (this.#patience.awaitsHead) this.#patience.awaitHead(this.#options.clock.now());
  }

  uploadFailed(error: ProxyError): void {
    this.#fail(error);
  }

  expired(now: number): void {
    if (this.#patience.isContinueDue(now)) this.#upload?.release();
    const wait = this.#patience.overdue(now);
    if (wait !== undefined) this.#fail(this.#record.failure(wait.code, wait.what));
  }

  get #isPersistent(): boolean {
    const head = this.#head;
    return head !== undefined && persists(head.version, head.notes, this.#length);
  }

  /** The response has been read: gives the connection back, unless the request is still on its way. */
  #parts(hasExcess: boolean): void {
    const connection = this.#connection;
    if (connection === undefined || this.#head === undefined) return;
    const upload = this.#upload;
    const { pool, attempt, clock } = this.#options;
    const isIntact = !hasExcess && this.#isPersistent;
    if (isIntact && upload !== undefined && !upload.isOver && !upload.isHeld) return;
    const isSent = upload === undefined || upload.isComplete;
    const keptMs = isIntact && isSent ? idleLimitMs(attempt.endpoint.pool, this.#head.notes) : 0;
    this.#connection = undefined;
    if (keptMs > 0) pool.release(connection, clock.now() + keptMs);
    else connection.destroy();
    if (!isSent) upload.stop(contentUnwanted());
    if (this.#record.isSettled) this.#leave();
    else this.#sweep(true);
  }

  #fail(error: ProxyError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection === undefined) this.#options.pool.leave(this);
    else connection.destroy();
    this.#kept?.seal();
    this.#upload?.stop(error);
    this.#record.noteSent(this.#upload);
    this.#record.settle(error);
    this.#leave();
    if (this.#head === undefined) this.#options.reject(error);
    else this.#body?.fail(error);
  }

  /** Nothing is waited for any more. */
  #leave(): void {
    if (!this.#record.isSettled || this.#connection !== undefined) return;
    this.#sweep(false);
    this.#unsubscribe?.();
  }

  #wait(): void {
    this.#sweep(true);
    this.#options.pool.wait(this);
  }

  /** The connection has its user's deadline looked after; without one that is this object's own business. */
  #sweep(isNeeded: boolean): void {
    if (this.#isSwept === isNeeded) return;
    this.#isSwept = isNeeded;
    if (isNeeded) this.#options.deadlines.add(this);
    else this.#options.deadlines.delete(this);
  }
}
