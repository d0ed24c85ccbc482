/** Sends copies of a share of the requests to another upstream, and discards its answers. */
import type { Body, ByteSink, ByteSource } from "../core/body.ts";
import { CancellationSource, NEVER_CANCELLED } from "../core/cancellation.ts";
import { ProxyError } from "../core/errors.ts";
import type { Arrival } from "../core/arrival.ts";
import type { Exchange } from "../core/exchange.ts";
import { joinBytes } from "../core/join-bytes.ts";
import { cancelReply } from "../core/reply.ts";
import type { Clock, Random } from "../core/platform.ts";
import type { Layer, Service } from "../core/service.ts";
import type { HeaderPairs } from "../http/header-edits.ts";

export interface MirrorOptions {
  /** What the copies go to. */
  readonly service: Service;
  /** Share of requests that are copied, 0 to 1. */
  readonly share: number;
  readonly random: Random;
  readonly clock: Clock;
  /** Most copies in progress; requests beyond it are not copied. @default 64 */
  readonly maxInProgress: number;
  /** Requests with more content are not copied. @default 65536 */
  readonly maxBytes: number;
  /** How long a copy may take. @default 15000 */
  readonly limitMs: number;
  readonly onMirror?: ((event: "sent" | "dropped" | "failed") => void) | undefined;
}

/** A copy is sent once its content is complete: it never slows the request down, and a broken upload is not copied. */
export const mirror = (options: MirrorOptions): Layer => {
  const copies = new Copies(options);
  return (next) => (exchange) => {
    // A tunnel is not copied: nothing would take part in the copy's conversation.
    if (exchange.upgrade !== undefined || options.random.float() >= options.share) return next(exchange);
    const { body } = exchange;
    if (body.kind === "none" || body.kind === "bytes") {
      copies.send(exchange, body);
      return next(exchange);
    }
    if (body.kind === "native") {
      copies.drop();
      return next(exchange);
    }
    const source = new CopiedSource(body.source, options.maxBytes, (bytes) =>
      bytes === undefined ? copies.drop() : copies.send(exchange, { kind: "bytes", bytes }),
    );
    return next({ ...exchange, body: { ...body, source } });
  };
};

class Copies {
  readonly #options: MirrorOptions;
  #inProgress = 0;

  constructor(options: MirrorOptions) {
    this.#options = options;
  }

  drop(): void {
    this.#options.onMirror?.("dropped");
  }

  send(exchange: Exchange, body: Body): void {
    const { onMirror, maxInProgress } = this.#options;
    if (this.#inProgress >= maxInProgress) {
      this.drop();
      return;
    }
    this.#inProgress += 1;
    const copy = this.#sent(exchange, body).then(
      () => onMirror?.("sent"),
      () => onMirror?.("failed"),
    );
    exchange.background?.(copy);
  }

  async #sent(exchange: Exchange, body: Body): Promise<void> {
    const { service, clock, limitMs } = this.#options;
    const cancellation = new CancellationSource();
    const stop = clock.after(limitMs, () => cancellation.cancel(new ProxyError("deadline-exceeded")));
    try {
      const reply = await service(copyOf(exchange, body, cancellation));
      cancelReply(reply, new ProxyError("discarded"));
    } finally {
      stop();
      this.#inProgress -= 1;
    }
  }
}

/** Independent of the exchange: it goes on when the client leaves, and its attempts do not count as the exchange's. */
const copyOf = (exchange: Exchange, body: Body, cancellation: CancellationSource): Exchange => ({
  ...exchange,
  arrival: copyOfArrival(exchange.arrival, body),
  body,
  cancellation,
  endsAt: Number.POSITIVE_INFINITY,
  trail: { attempts: 0, endpoint: undefined, edits: undefined, failure: undefined },
  onAttemptEnd: undefined,
});

/** Copies each member: the server may reuse its object for the next request before the copy is sent. */
const copyOfArrival = (arrival: Arrival, body: Body): Arrival => ({
  method: arrival.method,
  scheme: arrival.scheme,
  target: arrival.target,
  authority: arrival.authority,
  version: arrival.version,
  fields: arrival.fields,
  notes: arrival.notes,
  refusal: arrival.refusal,
  body,
  peer: arrival.peer,
  localPort: arrival.localPort,
  tls: arrival.tls,
  cancellation: NEVER_CANCELLED,
  request: undefined,
  switchesTo: "nothing",
  interim() {},
});

/** Passes a body on and copies it. */
class CopiedSource implements ByteSource, ByteSink {
  readonly #source: ByteSource;
  readonly #maxBytes: number;
  readonly #done: (bytes: Uint8Array | undefined) => void;
  #sink: ByteSink | undefined;
  #pieces: Uint8Array[] | undefined = [];
  #bytes = 0;

  constructor(source: ByteSource, maxBytes: number, done: (bytes: Uint8Array | undefined) => void) {
    this.#source = source;
    this.#maxBytes = maxBytes;
    this.#done = done;
  }

  /** Copies are made before a piece is passed on. */
  get givesMemory(): boolean {
    return this.#source.givesMemory === true;
  }

  start(sink: ByteSink): void {
    this.#sink = sink;
    this.#source.start(this);
  }
  resume(): void {
    this.#source.resume();
  }
  cancel(reason: ProxyError): void {
    this.#giveUp();
    this.#source.cancel(reason);
  }

  write(bytes: Uint8Array): boolean {
    this.#bytes += bytes.byteLength;
    if (this.#bytes > this.#maxBytes) this.#giveUp();
    else this.#pieces?.push(new Uint8Array(bytes));
    return this.#sink?.write(bytes) ?? false;
  }
  end(trailers: HeaderPairs): void {
    this.#sink?.end(trailers);
    const pieces = this.#pieces;
    if (pieces === undefined) return;
    this.#pieces = undefined;
    this.#done(joinBytes(pieces, this.#bytes));
  }
  fail(error: ProxyError): void {
    this.#giveUp();
    this.#sink?.fail(error);
  }

  #giveUp(): void {
    if (this.#pieces === undefined) return;
    this.#pieces = undefined;
    this.#done(undefined);
  }
}
