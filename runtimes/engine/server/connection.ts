/** A client's connection: requests in turn, each answered before the next is looked at. */
import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { ListenConfig } from "../../../src/config/types.ts";
import type { Peer } from "../../../src/core/arrival.ts";
import { type Body, NO_BODY, cancelBody } from "../../../src/core/body.ts";
import { ProxyError, asProxyError } from "../../../src/core/errors.ts";
import type { Reply } from "../../../src/core/reply.ts";
import type { Answer, GatewayRef } from "../../../src/gateway.ts";
import type { HeaderPairs } from "../../../src/http/header-edits.ts";
import type { ScreenProblem } from "../../../src/http/screen-problem.ts";
import { type BodyLength, requestBodyLength } from "../../../src/http1/body-length.ts";
import { bodyDecoder } from "../../../src/http1/body-decoder.ts";
import { encodeResponseHead } from "../../../src/http1/encode.ts";
import { type HeadFormat, HeadReader } from "../../../src/http1/head-reader.ts";
import { persists } from "../../../src/http1/persistence.ts";
import { type Refusal, isRefusal, refuse } from "../../../src/http1/refusal.ts";
import type { RequestHead } from "../../../src/http1/request-head.ts";
import { type DeadlineEntry, type Deadlines, limitFrom } from "../deadlines.ts";
import { ReadAhead } from "../read-ahead.ts";
import { IncomingRequest, unreadableRequest } from "./incoming-request.ts";
import { RequestBody } from "./request-body.ts";
import { ResponseWriter } from "./response-writer.ts";

/** What connections of one server share. */
export interface ServerContext {
  readonly gateway: GatewayRef;
  readonly listen: Pick<ListenConfig, "limits" | "timeouts" | "halfClose">;
  readonly scheme: "http" | "https";
  readonly heads: HeadFormat<RequestHead>;
  readonly deadlines: Deadlines;
  now(): number;
  /** Value for `Date`. */
  date(): string;
  /** From now on every response closes its connection. */
  readonly draining: boolean;
  /** The connection is gone. */
  closed(connection: ClientConnection): void;
}

/** Read at most while a response is on its way: so that the client's leaving is seen behind what it has sent. */
const READ_AHEAD_BYTES = 64 * 1024;
/** Unread content up to this length is read off after an early answer; the connection closes behind a longer one. */
const DISCARDED_BYTES = 64 * 1024;
/** A client that takes no byte of what waits for it for this long is cut off. */
const STALLED_MS = 60_000;
/** A client gets this long to read its last answer while it may still be sending. */
const LINGER_MS = 1_000;

const NEVER = Number.POSITIVE_INFINITY;

const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

export class ClientConnection implements DeadlineEntry {
  readonly scheme: "http" | "https";
  readonly peer: Peer;
  readonly localPort: number | undefined;
  readonly #socket: Socket;
  readonly #context: ServerContext;
  readonly #reader: HeadReader<RequestHead>;
  readonly #ahead = new ReadAhead();
  #request: IncomingRequest | undefined;
  #body: RequestBody | undefined;
  #length: BodyLength = "none";
  #answer: Answer | undefined;
  #writer: ResponseWriter | undefined;
  #keepAlive = true;
  #answered = 0;
  #clientEnded = false;
  /** The last response is on its way; what still comes is thrown away. */
  #lingering = false;
  #closed = false;
  deadline: number;

  constructor(socket: Socket, peer: Peer, context: ServerContext) {
    this.#socket = socket;
    this.#context = context;
    this.scheme = context.scheme;
    this.peer = peer;
    this.localPort = socket.localPort;
    this.#reader = new HeadReader(context.heads);
    this.deadline = limitFrom(context.now(), context.listen.timeouts.headerMs);
    socket.setNoDelay(true);
    socket.on("data", (bytes: Buffer) => this.#received(bytes));
    socket.on("end", () => this.#ended());
    socket.on("drain", () => this.#drained());
    socket.on("error", () => {});
    socket.on("close", () => this.#gone());
    context.deadlines.add(this);
  }

  /** A request is being answered. Part of a head is none yet. */
  get busy(): boolean {
    return this.#request !== undefined;
  }

  /** Closes the connection unless something is in flight, whose response then says `Connection: close`. */
  closeWhenIdle(): void {
    if (!this.busy && this.#ahead.bytes === 0 && !this.#lingering) this.#socket.destroy();
  }

  /** Cuts whatever is in flight. */
  destroy(): void {
    this.#socket.destroy();
  }

  expired(now: number): void {
    const writer = this.#writer;
    if (writer?.blocked === true) {
      this.#cut(new ProxyError("client-closed", { detail: "client stopped reading the response" }));
    } else if (this.#request === undefined && !this.#lingering && this.#reader.isInside) {
      this.deadline = now + LINGER_MS;
      this.#refuse(refuse("request-timeout", "header section not complete in time (listen.timeouts.header)"));
    } else {
      this.#socket.destroy();
    }
  }

  #received(bytes: Buffer): void {
    if (this.#lingering) return;
    const body = this.#body;
    if (body !== undefined && !body.complete) this.#receivedBody(body, bytes);
    else if (this.#request === undefined) this.#readHeads(bytes);
    else this.#keepAhead(bytes, 0);
  }

  #receivedBody(body: RequestBody, bytes: Buffer): void {
    if (!body.takesBytes || this.#ahead.bytes > 0) {
      this.#keepAhead(bytes, 0);
      return;
    }
    const end = body.push(bytes, 0);
    this.#pushed(body, bytes, end);
  }

  /** Looks at how the content stands after bytes went into it. */
  #pushed(body: RequestBody, bytes: Buffer, end: number): void {
    if (body.broken) {
      this.#keepAlive = false;
      this.#socket.pause();
      return;
    }
    if (end < bytes.length) this.#keepAhead(bytes, end);
    else if (!body.complete && !body.takesBytes) this.#socket.pause();
    if (body.complete) this.#settled();
  }

  #keepAhead(bytes: Buffer, from: number): void {
    this.#ahead.push(from === 0 ? bytes : bytes.subarray(from));
    if (this.#ahead.bytes >= READ_AHEAD_BYTES) this.#socket.pause();
  }

  /** Reads as many heads as can be answered one after the other; for the moment, one. */
  #readHeads(bytes: Buffer): void {
    const reader = this.#reader;
    const wasInside = reader.isInside;
    const head = reader.push(bytes, 0);
    if (head === undefined) {
      if (!wasInside && reader.isInside) this.#limitHeader();
      if (this.#clientEnded) this.#socket.destroy();
    } else if (isRefusal(head)) this.#refuse(head);
    else this.#begin(head, bytes, reader.end);
  }

  #limitHeader(): void {
    this.deadline = limitFrom(this.#context.now(), this.#context.listen.timeouts.headerMs);
  }

  #begin(head: RequestHead, bytes: Buffer, from: number): void {
    const { limits } = this.#context.listen;
    const length = requestBodyLength(head.notes);
    this.deadline = NEVER;
    this.#length = length;
    this.#answered += 1;
    // Behind CONNECT nobody can tell whether what follows is a request.
    this.#keepAlive =
      persists(head.version, head.notes, length) &&
      this.#answered < limits.requestsPerConnection &&
      head.method !== "CONNECT";
    this.#open(new IncomingRequest(head, this.#bodyOf(length, bytes, from), this));
  }

  /** Content that came with its head is handed over as one piece. */
  #bodyOf(length: BodyLength, bytes: Buffer, from: number): Body {
    const end = typeof length === "number" ? from + length : from;
    if (length === "none" || (typeof length === "number" && end <= bytes.length)) {
      if (end < bytes.length) this.#keepAhead(bytes, end);
      return length === "none" || length === 0
        ? NO_BODY
        : { kind: "bytes", bytes: bytes.subarray(from, end) };
    }
    const body = new RequestBody(this, bodyDecoder(length, refuse, this.#context.listen.limits));
    this.#body = body;
    if (from < bytes.length) this.#keepAhead(bytes, from);
    return { kind: "stream", length: typeof length === "number" ? length : undefined, source: body };
  }

  #open(request: IncomingRequest): void {
    this.#request = request;
    void this.#context.gateway.current.answer(request).then((answer) => this.#reply(request, answer));
  }

  /** A head that can't be read: answered, and then the connection closes, as nobody knows where the next one begins. */
  #refuse({ code, detail }: Refusal): void {
    this.#keepAlive = false;
    this.#socket.pause();
    this.#open(unreadableRequest({ code: requestCode(code), detail }, this));
  }

  bodyStarted(): void {
    const request = this.#request;
    const expects = request !== undefined && request.notes.expect !== undefined;
    if (expects && request.version === "1.1" && this.#ahead.bytes === 0 && this.#writer === undefined) {
      this.#socket.write(CONTINUE, "latin1");
    }
    this.bodyResumed();
  }

  bodyResumed(): void {
    const body = this.#body;
    if (body === undefined || this.#closed) return;
    const bytes = this.#ahead.take();
    if (bytes !== undefined) {
      const end = body.push(bytes, 0);
      this.#pushed(body, bytes, end);
    }
    if (body.complete || body.takesBytes) this.#socket.resume();
    if (this.#clientEnded && !body.complete) this.#bodyCutShort(body);
  }

  /** Before there is a reply, nobody knows whether the connection goes on. */
  bodyDropped(): void {
    if (this.#writer !== undefined) this.bodyResumed();
  }

  writeInterim(status: number, fields: HeaderPairs): void {
    const request = this.#request;
    if (request === undefined || request.version !== "1.1" || this.#writer !== undefined) return;
    this.#socket.write(encodeResponseHead({ status }, fields, { length: "none" }), "latin1");
  }

  #reply(request: IncomingRequest, answer: Answer): void {
    const { reply } = answer;
    if (this.#closed || request.reason !== undefined) {
      if (reply.kind === "http") cancelBody(reply.body, request.reason ?? clientLeft());
      answer.ended(request.reason ?? clientLeft(), 0);
      this.#socket.destroy();
      return;
    }
    this.#answer = answer;
    if (reply.kind === "tunnel") throw new TypeError("tunnels are not served yet");
    this.#write(request, reply);
  }

  #write(request: IncomingRequest, reply: Extract<Reply, { kind: "http" }>): void {
    this.#dropUnwanted();
    this.#keepAlive &&= !this.#context.draining && this.#mayDiscardRest(request);
    const writer = new ResponseWriter(this.#socket, this);
    this.#writer = writer;
    this.deadline = this.#context.now() + STALLED_MS;
    const { method, version } = request;
    try {
      writer.begin(reply, { isHead: method === "HEAD", version, keepAlive: this.#keepAlive });
    } catch (thrown) {
      // A field that can't be sent; nothing of the reply has left.
      cancelBody(reply.body, asProxyError(thrown));
      this.finished(asProxyError(thrown));
    }
    if (writer.endsWithConnection) this.#keepAlive = false;
  }

  /** Content that nothing has asked for by now is not wanted; what of it is here already is read off. */
  #dropUnwanted(): void {
    const body = this.#body;
    if (body === undefined || body.started) return;
    body.cancel();
    this.bodyResumed();
  }

  /** Whether so little content is left unread that reading it off is cheaper than a new connection. */
  #mayDiscardRest(request: IncomingRequest): boolean {
    const body = this.#body;
    if (body === undefined || body.complete) return true;
    if (body.started && !body.dropped) return true;
    return (
      request.notes.expect === undefined &&
      typeof this.#length === "number" &&
      this.#length <= DISCARDED_BYTES
    );
  }

  date(): string {
    return this.#context.date();
  }

  finished(error: ProxyError | undefined): void {
    const answer = this.#answer;
    const bytesSent = this.#writer?.bytesSent ?? 0;
    this.#answer = undefined;
    answer?.ended(error, bytesSent);
    if (error !== undefined) {
      // A reset, so that nobody takes what came for the whole.
      this.#socket.resetAndDestroy();
      return;
    }
    const body = this.#body;
    if (body !== undefined && !body.complete) {
      if (this.#keepAlive) {
        this.deadline = this.#context.now() + LINGER_MS;
        this.bodyResumed();
        return;
      }
    }
    this.#settled();
  }

  /** Response written and request read: the next one's turn. */
  #settled(): void {
    const written = this.#writer !== undefined && this.#answer === undefined;
    if (!written || this.#closed) return;
    if (!this.#keepAlive) {
      this.#linger();
      return;
    }
    const body = this.#body;
    if (body !== undefined && !body.complete) return;
    this.#request = undefined;
    this.#body = undefined;
    this.#writer = undefined;
    this.deadline = limitFrom(this.#context.now(), this.#context.listen.timeouts.keepAliveMs);
    const bytes = this.#ahead.take();
    if (bytes === undefined) {
      if (this.#clientEnded || this.#context.draining) this.#linger();
      else this.#socket.resume();
      return;
    }
    this.#readHeads(bytes);
    if (this.#ahead.bytes < READ_AHEAD_BYTES) this.#socket.resume();
  }

  /** Ends our side, and reads on for a moment: a reset would take the answer from a client that is still sending. */
  #linger(): void {
    this.#lingering = true;
    this.#request = undefined;
    this.#body = undefined;
    this.deadline = this.#context.now() + LINGER_MS;
    this.#socket.end();
    this.#socket.resume();
    if (this.#clientEnded) this.#socket.destroySoon();
  }

  #drained(): void {
    if (this.#writer?.blocked === true) {
      this.deadline = this.#context.now() + STALLED_MS;
      this.#writer.drained();
    }
  }

  /** The client sends nothing more. */
  #ended(): void {
    this.#clientEnded = true;
    const body = this.#body;
    if (this.#lingering) this.#socket.destroySoon();
    else if (this.#request === undefined) this.#socket.end();
    else if (body !== undefined && !body.complete) this.#bodyCutShort(body);
    else if (this.#ahead.bytes === 0 && this.#context.listen.halfClose === "close") this.#cut(clientLeft());
  }

  /** Half a request never becomes a whole one. */
  #bodyCutShort(body: RequestBody): void {
    if (this.#ahead.bytes > 0 && !body.dropped) return;
    const error = new ProxyError("client-closed", { detail: "client left before the end of its request" });
    body.fail(error);
    this.#cut(error);
  }

  #cut(error: ProxyError): void {
    this.#request?.cancel(error);
    this.#writer?.abort(error);
    this.#socket.destroy();
  }

  #gone(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#context.deadlines.delete(this);
    const error = clientLeft();
    this.#body?.fail(error);
    this.#request?.cancel(error);
    this.#writer?.abort(error);
    this.#context.closed(this);
  }
}

/** A refusal of a request is never the upstream's fault. */
const requestCode = (code: Refusal["code"]): ScreenProblem["code"] =>
  code === "bad-upstream-response" ? "bad-request" : code;

const clientLeft = (): ProxyError =>
  new ProxyError("client-closed", { detail: "client left before it had its response" });
