/** The client's end of a tunnel. */
import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { ProxyError } from "../../../src/core/errors.ts";
import type { ByteTunnel, TunnelReply } from "../../../src/core/reply.ts";
import { encodeResponseHead } from "../../../src/http1/encode.ts";
import { CloseGate } from "../../../src/websocket/close-gate.ts";
import { limitFrom } from "../deadlines.ts";
import { TunnelEnd } from "../tunnel-end.ts";

/** RFC 6455 §7.4.1: "going away". */
const GOING_AWAY = 1001;
/** Both sides of a WebSocket get this long to answer a Close frame. */
const CLOSING_MS = 5_000;

export interface ClientTunnelOptions {
  readonly socket: Socket;
  /** What was read behind the request. */
  readonly early: Buffer | undefined;
  /** The client has ended its side. */
  readonly hasEnded: boolean;
  readonly protocol: string;
  readonly tunnel: ByteTunnel;
  readonly now: () => number;
  /** Both directions are over. @param bytesSent to the client */
  readonly closed: (error: ProxyError | undefined, bytesSent: number) => void;
}

export class ClientTunnel {
  readonly #options: ClientTunnelOptions;
  readonly #end: TunnelEnd;
  /** Where the protocol has a way to say goodbye. */
  readonly #gates: readonly CloseGate[] = [];
  #isClosing = false;
  /** When it has been idle for too long. */
  deadline: number;

  /** The client was told of the switch: bytes move from here on. */
  constructor(options: ClientTunnelOptions) {
    this.#options = options;
    const { socket, early, hasEnded, protocol, tunnel, now } = options;
    this.deadline = limitFrom(now(), tunnel.idleMs);
    const end = new TunnelEnd({
      socket,
      early,
      hasEnded,
      active: () => {
        if (!this.#isClosing) this.deadline = limitFrom(now(), tunnel.idleMs);
      },
      lost: (cause) =>
        new ProxyError("client-closed", { detail: "client left without ending the tunnel", cause }),
      closed: (error) => options.closed(error, end.bytesSent),
    });
    this.#end = end;
    if (protocol.toLowerCase() !== "websocket") {
      end.send(tunnel.fromUpstream);
      tunnel.open(end);
      return;
    }
    const toClient = new CloseGate(tunnel.fromUpstream, false);
    const fromClient = new CloseGate(end, true);
    this.#gates = [toClient, fromClient];
    end.send(toClient);
    tunnel.open(fromClient);
  }

  get protocol(): string {
    return this.#options.protocol;
  }

  get isWebSocket(): boolean {
    return this.#gates.length > 0;
  }

  /** Says goodbye to both sides, where the protocol can. */
  goAway(): void {
    if (this.#isClosing || this.#gates.length === 0) return;
    this.#isClosing = true;
    this.deadline = this.#options.now() + CLOSING_MS;
    for (const gate of this.#gates) gate.close(GOING_AWAY);
  }

  /** Nothing has moved for too long. */
  expired(): void {
    const wasClosing = this.#isClosing;
    this.goAway();
    if (!wasClosing && this.#isClosing) return;
    const detail = wasClosing
      ? "the WebSocket was not closed after its Close frame"
      : `nothing moved through the tunnel for ${this.#options.tunnel.idleMs} ms (timeouts.tunnelIdle)`;
    const error = new ProxyError("client-closed", { detail });
    this.#options.tunnel.fromUpstream.cancel(error);
    this.#end.fail(error);
  }
}

const SWITCHING = { length: "none", connection: "Upgrade" } as const;

/**
 * Answers 101 and opens the tunnel.
 *
 * @throws TypeError for a field that can't be sent; nothing has left then.
 */
export const switchProtocols = (
  { protocol, fields, tunnel }: TunnelReply,
  options: Omit<ClientTunnelOptions, "protocol" | "tunnel">,
): ClientTunnel => {
  if (tunnel.kind === "native") throw new TypeError("a runtime's own WebSocket on a socket");
  const head = encodeResponseHead({ status: 101 }, [...fields, "Upgrade", protocol], SWITCHING);
  options.socket.write(head, "latin1");
  return new ClientTunnel({ ...options, protocol, tunnel });
};
