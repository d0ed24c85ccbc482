/** A transport to simulated servers that keeps the promises of a real one. */
import type { ByteSink, ByteSource } from "../../src/core/body.ts";
import { type ErrorCode, ProxyError } from "../../src/core/errors.ts";
import type { Attempt } from "../../src/core/exchange.ts";
import type { Progress } from "../../src/core/outcome.ts";
import type { Cancel, Random, Transport } from "../../src/core/platform.ts";
import type { Reply } from "../../src/core/reply.ts";
import type { EventClock } from "./event-clock.ts";
import type { Job, SimServer } from "./sim-server.ts";

export interface SimTransportOptions {
  readonly clock: EventClock;
  readonly random: Random;
  /** By endpoint key. */
  readonly serverOf: (key: string) => SimServer | undefined;
  /** Called when a request goes out to a server. */
  readonly onSent: (attempt: Attempt) => void;
}

const CONNECT_MS = 0.5;
const PIECE = new Uint8Array(16);

export const simTransport = (options: SimTransportOptions): Transport => ({
  send: (attempt) =>
    new Promise((resolve, reject) => new SimAttempt(attempt, options, resolve, reject).start()),
  close: async () => {},
});

class SimAttempt implements Job, ByteSink {
  readonly #attempt: Attempt;
  readonly #options: SimTransportOptions;
  readonly #resolve: (reply: Reply) => void;
  readonly #reject: (error: ProxyError) => void;
  readonly #startedAt: number;
  #progress: Progress = "connecting";
  #status: number | undefined;
  #headAt: number | undefined;
  #isOver = false;
  #failure: ProxyError | undefined;
  #cleanUp: Cancel[] = [];
  #reader: ByteSink | undefined;

  constructor(
    attempt: Attempt,
    options: SimTransportOptions,
    resolve: (reply: Reply) => void,
    reject: (error: ProxyError) => void,
  ) {
    this.#attempt = attempt;
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#startedAt = options.clock.now();
  }

  get #server(): SimServer | undefined {
    return this.#options.serverOf(this.#attempt.endpoint.key);
  }

  start(): void {
    const { cancellation, timeouts, exchange } = this.#attempt;
    this.#cleanUp.push(cancellation.subscribe((reason) => this.#fail(reason)));
    if (this.#isOver) return;
    if (exchange.endsAt !== Infinity) {
      this.#after(exchange.endsAt - this.#startedAt, () => this.#fail(this.#error("deadline-exceeded")));
    }
    const server = this.#server;
    if (server === undefined || server.fault === "crashed") {
      this.#after(CONNECT_MS, () => this.#fail(this.#error("connect-failed")));
    } else if (server.fault === "partitioned") {
      this.#limit(timeouts.connectMs, () => this.#fail(this.#error("connect-timeout")));
    } else this.#after(CONNECT_MS, () => this.#connected());
  }

  #connected(): void {
    const server = this.#server;
    if (server?.isReachable !== true) {
      this.#fail(this.#error("connect-failed"));
      return;
    }
    this.#progress = "sent";
    this.#options.onSent(this.#attempt);
    const { body, timeouts } = this.#attempt;
    if (body.kind === "stream") body.source.start(this);
    this.#limit(timeouts.firstByteMs, () => {
      if (this.#headAt === undefined) this.#fail(this.#error("attempt-timeout"));
    });
    this.#cleanUp.push(server.accept(this));
  }

  // The server's side.

  answer(status: number): void {
    if (this.#isOver) return;
    const { clock, random } = this.#options;
    this.#progress = "head";
    this.#status = status;
    this.#headAt = clock.now();
    const truncates = this.#server?.fault === "truncating";
    if (!truncates && random.float() < 0.5) {
      this.#settle(undefined);
      this.#resolve({ kind: "http", status, fields: [], body: { kind: "bytes", bytes: PIECE } });
      return;
    }
    this.#resolve({
      kind: "http",
      status,
      fields: [],
      body: { kind: "stream", length: undefined, source: this.#content },
    });
    this.#after(2 + 20 * random.float(), () => {
      if (truncates) this.#fail(this.#error("upstream-reset"));
      else this.#end();
    });
  }

  reset(): void {
    this.#fail(this.#error("upstream-reset"));
  }

  #end(): void {
    this.#settle(undefined);
    if (this.#reader !== undefined) this.#deliver(this.#reader);
  }

  /** The content, or why there is none. */
  #deliver(reader: ByteSink): void {
    if (this.#failure !== undefined) {
      reader.fail(this.#failure);
      return;
    }
    reader.write(PIECE);
    reader.end([]);
  }

  readonly #content: ByteSource = {
    start: (sink) => {
      this.#reader = sink;
      if (this.#isOver) this.#deliver(sink);
    },
    resume() {},
    cancel: (reason) => this.#fail(reason),
  };

  // The request's content is read, and nothing is done with it.

  write(): boolean {
    return true;
  }
  end(): void {}
  fail(error: ProxyError): void {
    this.#fail(error);
  }

  /** 0 is no limit. */
  #limit(ms: number, run: () => void): void {
    if (ms > 0) this.#after(ms, run);
  }

  #after(ms: number, run: () => void): void {
    this.#cleanUp.push(this.#options.clock.after(ms, run));
  }

  #error(code: ErrorCode): ProxyError {
    return new ProxyError(code, { progress: this.#progress });
  }

  #fail(error: ProxyError): void {
    if (this.#isOver) return;
    this.#failure = error;
    this.#settle(error);
    if (this.#headAt === undefined) this.#reject(error);
    else if (this.#reader !== undefined) this.#deliver(this.#reader);
  }

  #settle(error: ProxyError | undefined): void {
    this.#isOver = true;
    for (const undo of this.#cleanUp) undo();
    this.#cleanUp = [];
    this.#attempt.settle({
      ending: error === undefined ? "complete" : "failed",
      progress: error === undefined ? "done" : this.#progress,
      status: this.#status,
      error,
      bytesSent: 0,
      bytesReceived: 0,
      reused: false,
      times: {
        startedAt: this.#startedAt,
        connectedAt: undefined,
        headAt: this.#headAt,
        endedAt: this.#options.clock.now(),
      },
    });
  }
}
