/** What a client's connection is whatever it carries: requests or, in the end, a tunnel. */
import type { Socket } from "node:net";
import type { Peer } from "../../../src/core/arrival.ts";
import type { ConnectionTls } from "../../../src/core/connection-tls.ts";
import { peerOf } from "../../../src/core/peer.ts";
import { ProxyError } from "../../../src/core/errors.ts";
import { urlHost } from "../../../src/http/url-host.ts";
import { type DeadlineEntry, limitFrom } from "../deadlines.ts";
import { resetSocket } from "../reset-socket.ts";
import { ClientPace } from "./client-pace.ts";
import type { ClientTunnel } from "./client-tunnel.ts";
import type { FieldEncoder } from "./field-lines.ts";
import type { ServerContext } from "./server-context.ts";

/** A client that takes no byte of what waits for it for this long is cut off. */
const STALLED_MS = 60_000;

/** A client gets this long to read its last answer while it may still be sending. */
export const LINGER_MS = 1_000;

/** What is known of a client before its first request. */
export interface ClientFacts {
  readonly peer: Peer;
  /** Port that the client connected to. */
  readonly localPort: number | undefined;
  readonly tls: ConnectionTls | undefined;
  /** The socket itself, or the one below its TLS where only that has addresses. */
  readonly addressed: Socket;
}

export abstract class ClientSocket implements DeadlineEntry {
  readonly scheme: "http" | "https";
  readonly peer: Peer;
  readonly localPort: number | undefined;
  readonly tls: ConnectionTls | undefined;
  readonly id: number;
  /** Monotonic milliseconds. */
  readonly openedAt: number;
  protected readonly socket: Socket;
  readonly #addressed: Socket;
  protected readonly context: ServerContext;
  protected tunnel: ClientTunnel | undefined;
  /** Since `listen.limits.minRate` has come into play. */
  protected pace: ClientPace | undefined;
  /** Deadline of whatever comes before a tunnel. */
  protected expiresAt: number;
  /** The last response is on its way; what still comes is thrown away. */
  protected lingering = false;

  constructor(
    socket: Socket,
    { peer, localPort, tls, addressed }: ClientFacts,
    context: ServerContext,
    id: number,
  ) {
    this.id = id;
    this.openedAt = context.now();
    this.socket = socket;
    this.#addressed = addressed;
    this.context = context;
    this.scheme = context.scheme;
    this.peer = peer;
    this.localPort = localPort;
    this.tls = tls;
    this.expiresAt = limitFrom(context.now(), context.listen.timeouts.headerMs);
  }

  abstract expired(now: number): void;

  get deadline(): number {
    const { tunnel, pace, expiresAt } = this;
    return tunnel?.deadline ?? (pace === undefined ? expiresAt : Math.min(expiresAt, pace.deadline));
  }

  /** Whether it came by the entrance of `context`. */
  cameBy(context: ServerContext): boolean {
    return this.context === context;
  }

  /** Whether it can be closed by the rules of what it carries, though that has no end of its own. */
  get isWebSocket(): boolean {
    return this.tunnel?.isWebSocket === true;
  }

  get isTunnel(): boolean {
    return this.tunnel !== undefined;
  }

  /** That was switched to. */
  get protocol(): string | undefined {
    return this.tunnel?.protocol;
  }

  /** Address that the client connected to; "" for a Unix socket. */
  get local(): string {
    const { localAddress, localPort } = this.#addressed;
    return localAddress === undefined || localPort === undefined
      ? ""
      : `${urlHost(peerOf(localAddress, undefined).address)}:${localPort}`;
  }

  /** Closes a WebSocket on both sides (1001). Anything else goes on. */
  goAway(): void {
    this.tunnel?.goAway();
  }

  /** Cuts whatever is in flight. */
  destroy(): void {
    this.socket.destroy();
  }

  get fields(): FieldEncoder {
    return this.context.fields;
  }

  date(): string {
    return this.context.date();
  }

  /** It is the client's turn to read or to send. */
  blocked(): void {
    const now = this.context.now();
    const { socket } = this;
    this.expiresAt = now + STALLED_MS;
    if (socket.writableNeedDrain) this.#paced()?.blocked(now, socket.bytesWritten, socket.writableLength);
  }

  contentAwaited(): void {
    this.#paced()?.awaits(this.context.now());
  }

  contentHeldUp(): void {
    this.pace?.heldUp(this.context.now());
  }

  /** Notes for operators that a client speaks TLS where none is spoken. */
  protected noticeTls(): void {
    this.context.notice(
      `a client speaks TLS on ${this.localPort ?? "a port"}, which is for http (listen.tls)`,
    );
  }

  #paced(): ClientPace | undefined {
    const { minRate } = this.context.listen.limits;
    if (minRate === 0) return undefined;
    this.pace ??= new ClientPace();
    this.pace.bytesPerSecond = minRate;
    return this.pace;
  }

  /**
   * Ends our side behind what is still to be sent, and reads on for a moment then: a reset would take the answer from a
   * client that is still sending.
   */
  protected linger(): void {
    this.lingering = true;
    this.blocked();
    this.socket.end(() => {
      this.expiresAt = this.context.now() + LINGER_MS;
    });
    this.socket.resume();
  }

  /** A reset, so that nobody takes what came for the whole. TLS has its own end, which is left out then. */
  protected breakOff(): void {
    resetSocket(this.socket);
  }

  /** Behind an answer that is not sent to its end the connection is reset: its end would look like the answer's. */
  protected drop(): void {
    if (this.socket.writableLength > 0) this.breakOff();
    else this.socket.destroy();
  }
}

export const clientLeft = (): ProxyError =>
  new ProxyError("client-closed", { detail: "client left before it had its response" });
