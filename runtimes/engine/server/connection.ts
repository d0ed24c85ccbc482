/** A client's connection: requests in turn, each answered before the next is looked at. */
import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { type Body, cancelBody } from "../../../src/core/body.ts";
import { ProxyError, asProxyError } from "../../../src/core/errors.ts";
import { type HttpReply, type TunnelReply, cancelReply } from "../../../src/core/reply.ts";
import type { Answer } from "../../../src/gateway.ts";
import type { HeaderPairs } from "../../../src/http/header-edits.ts";
import type { BodyLength } from "../../../src/http1/body-length.ts";
import { encodeResponseHead } from "../../../src/http1/encode.ts";
import { type Refusal, refuse } from "../../../src/http1/refusal.ts";
import type { RequestHead } from "../../../src/http1/request-head.ts";
import { limitFrom } from "../deadlines.ts";
import type { ClientPace } from "./client-pace.ts";
import { type ClientFacts, ClientSocket, LINGER_MS, clientLeft } from "./client-socket.ts";
import { switchProtocols } from "./client-tunnel.ts";
import { type CurrentRequest, InFlight } from "./in-flight.ts";
import { IncomingRequest, unreadableRequest } from "./incoming-request.ts";
import { mayDiscardRest } from "./request-body.ts";
import { KeepAlive } from "./keep-alive.ts";
import { type IntakeOwner, RequestIntake, TLS_WITHOUT_TLS } from "./request-intake.ts";
import { type ResponseOwner, ResponseWriter } from "./response-writer.ts";
import type { ServerContext } from "./server-context.ts";

const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

export class ClientConnection extends ClientSocket implements IntakeOwner, ResponseOwner {
  readonly #intake: RequestIntake;
  readonly #inFlight = new InFlight();
  /** Of the current request's content. */
  #length: BodyLength = "none";
  readonly #keepAlive = new KeepAlive();
  #closed = false;
  readonly #onData = (bytes: Buffer): void => this.#intake.received(bytes);
  readonly #onEnd = (): void => this.#ended();
  readonly #onDrain = (): void => this.#drained();

  /** @param id tells it from all others of the server, before and after. */
  constructor(socket: Socket, facts: ClientFacts, context: ServerContext, id: number) {
    super(socket, facts, context, id);
    this.#intake = new RequestIntake({ socket, settings: context, owner: this });
    socket.setNoDelay(true);
    socket.on("data", this.#onData).on("end", this.#onEnd).on("drain", this.#onDrain);
    socket.on("error", () => {});
    socket.on("close", () => this.#gone());
    context.deadlines.add(this);
  }

  /** A request is being answered, its answer has not left this process, or a tunnel is open. Part of a head is no request. */
  get busy(): boolean {
    return this.#inFlight.request !== undefined || this.socket.writableLength > 0;
  }

  /** How many requests have begun. */
  get requests(): number {
    return this.#keepAlive.requests;
  }

  /** The request that is being answered, or was switched to a tunnel; its route is known with its answer. */
  get current(): CurrentRequest | undefined {
    return this.#inFlight.current;
  }

  /** Closes the connection unless something is in flight, whose response then says `Connection: close`. */
  closeWhenIdle(): void {
    if (!this.busy && this.#intake.aheadBytes === 0 && !this.lingering) this.socket.destroy();
  }

  expired(now: number): void {
    if (this.tunnel !== undefined) this.tunnel.expired();
    else if (this.pace !== undefined && this.pace.deadline <= now) this.#checkPace(this.pace, now);
    else if (this.#inFlight.writer?.blocked === true) {
      this.#cut(new ProxyError("client-closed", { detail: "client stopped reading the response" }));
    } else if (this.#inFlight.request === undefined && !this.lingering && this.#intake.isInsideHead) {
      this.expiresAt = now + LINGER_MS;
      this.refused(refuse("request-timeout", "header section not complete in time (listen.timeouts.header)"));
    } else if (this.#inFlight.request === undefined && !this.lingering && now < this.#keepAlive.closesAt) {
      this.expiresAt = this.#keepAlive.closesAt;
      this.#intake.forget();
    } else if (this.#inFlight.request === undefined && !this.lingering && this.socket.writableLength > 0) {
      this.#endBehindAnswer();
    } else {
      this.drop();
    }
  }

  headStarted(): void {
    this.expiresAt = limitFrom(this.context.now(), this.context.listen.timeouts.headerMs);
  }

  requestBegun(head: RequestHead, body: Body, length: BodyLength): void {
    this.expiresAt = Number.POSITIVE_INFINITY;
    this.#length = length;
    this.pace?.requestBegun();
    this.#keepAlive.requestBegun(head, length, this.context.listen.limits.requestsPerConnection);
    this.#open(new IncomingRequest(head, body, this));
  }

  /** Answered, and then the connection closes. */
  refused(refusal: Refusal): void {
    if (refusal === TLS_WITHOUT_TLS) this.noticeTls();
    this.#keepAlive.end();
    this.#open(unreadableRequest(refusal, this));
  }

  contentWanted(): void {
    if (this.#inFlight.expectsContinue) this.socket.write(CONTINUE, "latin1");
  }

  contentRead(): void {
    this.#settle();
  }

  contentReceived(bytes: number): void {
    this.pace?.received(bytes);
    if (this.#inFlight.isWritten && !this.lingering && this.#intake.body?.dropped === false) this.blocked();
  }

  contentBroken(): void {
    this.#keepAlive.end();
    this.#settle();
  }

  contentDropped(): void {
    if (this.#inFlight.isWritten && this.#keepAlive.isOn) this.#discard();
  }

  contentCutShort(error: ProxyError): void {
    this.#cut(error);
  }

  writeInterim(request: IncomingRequest, status: number, fields: HeaderPairs): void {
    if (!this.#inFlight.takesInterim(request)) return;
    this.socket.write(encodeResponseHead({ status }, fields, { length: "none" }), "latin1");
  }

  finished(error: ProxyError | undefined): void {
    this.#inFlight.report(error);
    if (error !== undefined) {
      this.breakOff();
      return;
    }
    if (this.#inFlight.writer?.endsWithConnection === true) this.#keepAlive.end();
    const { body } = this.#intake;
    if (!this.#keepAlive.isOn || body === undefined || body.complete) this.#settle();
    else if (body.dropped) this.#discard();
    // The upstream still takes content behind its answer (RFC 9112 §9.3).
    else this.blocked();
  }

  #open(request: IncomingRequest): void {
    this.#inFlight.begin(request, this.context.now());
    void this.context.gateway.answer(request).then((answer) => this.#reply(request, answer));
  }

  #reply(request: IncomingRequest, answer: Answer): void {
    const { reply } = answer;
    if (this.#closed || request.reason !== undefined) {
      const reason = request.reason ?? clientLeft();
      cancelReply(reply, reason);
      answer.ended(reason, 0);
      this.socket.destroy();
      return;
    }
    this.#inFlight.answered(answer);
    if (reply.kind === "tunnel") this.#switch(reply);
    else this.#write(request, reply);
  }

  /** The connection belongs to a tunnel from here on. */
  #switch(reply: TunnelReply): void {
    const socket = this.socket;
    socket.pause();
    socket.off("data", this.#onData).off("end", this.#onEnd).off("drain", this.#onDrain);
    try {
      this.tunnel = switchProtocols(reply, {
        socket,
        early: this.#intake.takeAhead(),
        hasEnded: this.#intake.hasEnded,
        now: () => this.context.now(),
        closed: (error, bytesSent) => this.#inFlight.answer?.ended(error, bytesSent),
      });
    } catch (thrown) {
      const error = asProxyError(thrown);
      cancelReply(reply, error);
      this.finished(error);
    }
  }

  #write(request: IncomingRequest, reply: HttpReply): void {
    this.#intake.dropUnwanted();
    if (this.context.draining || !mayDiscardRest(this.#intake.body, this.#length, request.notes)) {
      this.#keepAlive.end();
    }
    const writer = new ResponseWriter(this.socket, this);
    this.#inFlight.writeWith(writer);
    // Until the client stops reading: how long a response may take is for the attempt to say.
    this.expiresAt = Number.POSITIVE_INFINITY;
    const { method, version } = request;
    try {
      writer.begin(reply, { isHead: method === "HEAD", version, keepAlive: this.#keepAlive.isOn });
    } catch (thrown) {
      // A field that can't be sent; nothing of the reply has left.
      cancelBody(reply.body, asProxyError(thrown));
      this.finished(asProxyError(thrown));
    }
  }

  /** Reads off content that nobody wants, for a moment. */
  #discard(): void {
    this.expiresAt = this.context.now() + LINGER_MS;
    this.#intake.bodyResumed();
  }

  /** Response written and request read: the next one's turn. */
  #settle(): void {
    if (!this.#inFlight.isWritten || this.#closed || this.lingering) return;
    const intake = this.#intake;
    if (!this.#keepAlive.isOn) this.#endBehindAnswer();
    else if (intake.isContentDue) return;
    // Answers that nobody reads would pile up here: the next one is made when there is room for it.
    else if (this.socket.writableNeedDrain) this.blocked();
    else {
      this.#inFlight.end();
      this.expiresAt = this.#keepAlive.idle(this.context.now(), this.context.listen.timeouts.keepAliveMs);
      if (intake.aheadBytes === 0 && (intake.hasEnded || this.context.draining)) this.#endBehindAnswer();
      else {
        intake.next();
        // Behind the last whole request there is nothing, or part of one.
        if (this.#inFlight.request === undefined && intake.hasEnded) this.#endBehindAnswer();
      }
    }
  }

  /** No further request is answered. */
  #endBehindAnswer(): void {
    this.#inFlight.end();
    this.#intake.stop();
    this.linger();
    if (this.#intake.hasEnded) this.socket.destroySoon();
  }

  #drained(): void {
    this.pace?.drained(this.context.now());
    if (this.#inFlight.isWritten) this.#settle();
    else if (this.#inFlight.writer?.blocked === true) {
      this.expiresAt = Number.POSITIVE_INFINITY;
      this.#inFlight.writer.drained();
    }
  }

  /** The client sends nothing more. */
  #ended(): void {
    const intake = this.#intake;
    intake.ended();
    if (this.#closed) return;
    if (this.lingering || this.#inFlight.request === undefined) this.socket.destroySoon();
    else if (intake.isContentDue || intake.aheadBytes > 0) return;
    else if (this.#inFlight.isWritten) this.socket.destroySoon();
    else if (this.context.listen.halfClose === "close") this.#cut(clientLeft());
  }

  #checkPace(pace: ClientPace, now: number): void {
    const error = pace.check(now, this.#intake.awaitsContent, this.socket.writableLength);
    if (error === undefined) return;
    this.#keepAlive.end();
    // The request's failure is its answer, while it has none.
    if (error.code === "request-timeout" && this.#inFlight.writer === undefined) this.#intake.fail(error);
    else this.#cut(error);
  }

  #cut(error: ProxyError): void {
    this.#inFlight.cancel(error);
    this.drop();
  }

  #gone(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.context.deadlines.delete(this);
    if (this.tunnel === undefined) {
      const error = clientLeft();
      this.#intake.fail(error);
      this.#inFlight.cancel(error);
    }
    this.context.closed(this);
  }
}
