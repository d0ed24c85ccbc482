/** One attempt: its request out, its response in. */
import { type Body, NO_BODY } from "../../../src/core/body.ts";
import { ProxyError, asProxyError } from "../../../src/core/errors.ts";
import type { Attempt } from "../../../src/core/exchange.ts";
import type { Cancel, Clock } from "../../../src/core/platform.ts";
import type { Reply } from "../../../src/core/reply.ts";
import { firstValue } from "../../../src/http/headers.ts";
import { IDEMPOTENT } from "../../../src/http/method.ts";
import type { BodyLength } from "../../../src/http1/body-length.ts";
import { persists } from "../../../src/http1/persistence.ts";
import type { ResponseHead } from "../../../src/http1/response-head.ts";
import { type DeadlineEntry, type Deadlines, limitFrom } from "../deadlines.ts";
import { AttemptRecord } from "./attempt-record.ts";
import type { Connection, ConnectionUser } from "./connection.ts";
import { attemptFailure, connectionLost } from "./failures.ts";
import { idleLimitMs } from "./keep-alive.ts";
import { firstWait } from "./patience.ts";
import type { Pool, Waiter } from "./pool.ts";
import { type BodyOwner, ResponseBody } from "./response-body.ts";
import type { ResponseReceiver } from "./response-intake.ts";
import { sendRequest } from "./send-request.ts";
import type { Upload, UploadOwner } from "./upload.ts";

/** How long an upstream that was asked for `100 Continue` may be silent before it gets the content anyway. */
const CONTINUE_MS = 1_000;

/** May be quiet for long. */
const EVENT_STREAM = /^text\/event-stream(?:[;\s]|$)/i;
const NOTHING = new Uint8Array(0);

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
  #unsubscribe: Cancel | undefined;
  /** While something is to be read from it or written to it. */
  #connection: Connection | undefined;
  #upload: Upload | undefined;
  #head: ResponseHead | undefined;
  #length: BodyLength = "none";
  #body: ResponseBody | undefined;
  #isRead = false;
  #isOver = false;
  #isSwept = false;
  #continueAt = Infinity;
  #headAwaitedSince: number | undefined;
  #contentAwaitedSince: number | undefined;
  #readerAwaitedSince: number | undefined;
  takesUsed = true;
  /** When the earliest wait may be over, or before. */
  deadline: number;

  constructor(options: RoundtripOptions) {
    this.#options = options;
    this.#record = new AttemptRecord(options.attempt, options.clock);
    this.deadline = options.attempt.exchange.endsAt;
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
    const connection = pool.take(this.#record.startedAt);
    if (connection === undefined) this.#wait();
    else this.acquired(connection);
  }

  acquired(connection: Connection): void {
    const { attempt, clock } = this.#options;
    this.#sweep(false);
    const now = clock.now();
    this.#connection = connection;
    this.#record.acquired(now, connection.carried > 0);
    this.#headAwaitedSince = now;
    connection.use(this);
    connection.intake.begin(attempt.exchange.arrival.method);
    this.#checkBy(now);
    try {
      this.#upload = sendRequest({ attempt, connection, owner: this, clock });
    } catch (error) {
      this.#fail(asProxyError(error));
      return;
    }
    if (this.#upload?.isHeld === true) {
      this.#continueAt = now + CONTINUE_MS;
      this.deadline = Math.min(this.deadline, this.#continueAt);
    }
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
    if (this.#mayRepeat(connection)) {
      connection.destroy();
      this.#connection = undefined;
      this.#headAwaitedSince = undefined;
      this.#record.progress = "connecting";
      this.takesUsed = false;
      this.#wait();
      return;
    }
    this.#fail(connectionLost(this.#options.attempt.endpoint, error, this.#record.progress));
  }

  interim({ status, fields }: ResponseHead): boolean {
    this.#headAwaitedSince = this.#options.clock.now();
    if (status === 100) this.#upload?.release();
    else if (status === 101) this.malformed("it switched protocols without being asked to (RFC 9110 §7.8)");
    else this.#options.attempt.exchange.arrival.interim(status, fields);
    return !this.#isOver;
  }

  head(head: ResponseHead, length: BodyLength, whole: Uint8Array | undefined): void {
    const now = this.#options.clock.now();
    this.#head = head;
    this.#length = length;
    this.#record.answered(now, head.status);
    this.#headAwaitedSince = undefined;
    this.#continueAt = Infinity;
    let body: Body = NO_BODY;
    if (whole === undefined) {
      this.#body = new ResponseBody(this);
      this.#contentAwaitedSince = now;
      this.#checkBy(now);
      body = { kind: "stream", length: typeof length === "number" ? length : undefined, source: this.#body };
    } else if (length !== "none") {
      this.#record.bytesReceived = whole.length;
      body = { kind: "bytes", bytes: this.#own(whole) };
    }
    // An upstream that refuses and is going to close wants no more content (RFC 9112 §9.3).
    if (head.status >= 400 && !this.#isPersistent) this.#upload?.stop(unwanted());
    this.#options.resolve({
      kind: "http",
      status: head.status,
      fields: head.fields,
      body,
      declaredLength: length === "none" && head.status !== 204 ? head.notes.contentLength : undefined,
    });
  }

  content(bytes: Uint8Array): void {
    this.#record.bytesReceived += bytes.length;
    this.#contentAwaitedSince = this.#options.clock.now();
    this.#body?.push(this.#own(bytes));
  }

  complete(trailers: readonly string[], hasExcess: boolean): void {
    if (this.#isOver) return;
    this.#isRead = true;
    this.#contentAwaitedSince = undefined;
    if (this.#body === undefined) this.delivered();
    else this.#body.end(trailers);
    this.#parts(hasExcess);
  }

  malformed(detail: string): void {
    this.#fail(this.#failure("bad-upstream-response", detail));
  }

  held(): void {
    this.#connection?.pause();
    const now = this.#options.clock.now();
    this.#readerAwaitedSince ??= now;
    this.#contentAwaitedSince = undefined;
    this.#checkBy(now);
  }

  wanted(): void {
    if (this.#readerAwaitedSince === undefined) return;
    this.#readerAwaitedSince = undefined;
    this.#contentAwaitedSince = this.#options.clock.now();
    this.#checkBy(this.#contentAwaitedSince);
    this.#connection?.resume();
  }

  delivered(): void {
    this.#readerAwaitedSince = undefined;
    this.#noteSent();
    this.#record.settle(undefined);
    this.#leave();
  }

  cancelled(reason: ProxyError): void {
    this.#body = undefined;
    this.#fail(reason);
  }

  uploaded(): void {
    const now = this.#options.clock.now();
    if (this.#isRead) {
      this.#parts(false);
      return;
    }
    if (this.#headAwaitedSince !== undefined) this.#headAwaitedSince = now;
    this.#checkBy(now);
  }

  uploadFailed(error: ProxyError): void {
    this.#fail(error);
  }

  expired(now: number): void {
    if (this.#continueAt <= now) {
      this.#continueAt = Infinity;
      this.#upload?.release();
    }
    const wait = firstWait(this.#waits());
    this.deadline = Math.min(wait.until, this.#continueAt);
    if (wait.until <= now) this.#fail(this.#failure(wait.code, wait.what));
  }

  #waits(): Parameters<typeof firstWait>[0] {
    const { attempt } = this.#options;
    const upload = this.#upload;
    const isUploading = upload !== undefined && !upload.isOver && !upload.isHeld;
    const isHeadDue = upload === undefined || upload.isComplete;
    return {
      timeouts: attempt.timeouts,
      endsAt: this.#record.isSettled ? Infinity : attempt.exchange.endsAt,
      isEventStream: EVENT_STREAM.test(firstValue(this.#head?.fields ?? [], "content-type") ?? ""),
      upload: isUploading ? upload : undefined,
      headAwaitedSince: isHeadDue ? this.#headAwaitedSince : undefined,
      contentAwaitedSince: this.#contentAwaitedSince,
      readerAwaitedSince: this.#readerAwaitedSince,
    };
  }

  /** Looks at the waits when the shortest limit has passed: which one applies is found out then. */
  #checkBy(now: number): void {
    const { firstByteMs, idleMs, eventStreamIdleMs } = this.#options.attempt.timeouts;
    const next = Math.min(
      limitFrom(now, firstByteMs),
      limitFrom(now, idleMs),
      limitFrom(now, eventStreamIdleMs),
    );
    if (next < this.deadline) this.deadline = next;
  }

  /** RFC 9112 §9.3.1: the peer closed a kept connection just when it was used again. */
  #mayRepeat(connection: Connection): boolean {
    const { body, exchange } = this.#options.attempt;
    return (
      this.takesUsed &&
      connection.carried > 0 &&
      !connection.intake.hasBegun &&
      body.kind === "none" &&
      IDEMPOTENT.has(exchange.arrival.method)
    );
  }

  get #isPersistent(): boolean {
    const head = this.#head;
    return head !== undefined && persists(head.version, head.notes, this.#length);
  }

  #own(bytes: Uint8Array): Uint8Array {
    if (bytes.length === 0) return NOTHING;
    return this.#connection === undefined ? bytes : this.#connection.own(bytes);
  }

  #failure(code: ProxyError["code"], what: string): ProxyError {
    return attemptFailure(code, this.#options.attempt.endpoint, { what, progress: this.#record.progress });
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
    if (!isSent) upload.stop(unwanted());
    if (this.#record.isSettled) {
      this.#leave();
      return;
    }
    this.#sweep(true);
    this.held();
  }

  #fail(error: ProxyError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection === undefined) this.#options.pool.leave(this);
    else connection.destroy();
    this.#upload?.stop(error);
    this.#noteSent();
    this.#record.settle(error);
    this.#leave();
    if (this.#head === undefined) this.#options.reject(error);
    else this.#body?.fail(error);
  }

  #noteSent(): void {
    const { body } = this.#options.attempt;
    if (this.#upload !== undefined) this.#record.bytesSent = this.#upload.bytes;
    else if (body.kind === "bytes" && this.#record.progress !== "connecting")
      this.#record.bytesSent = body.bytes.length;
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

const unwanted = (): ProxyError =>
  new ProxyError("upstream-reset", { detail: "the upstream has answered and takes no more content" });
