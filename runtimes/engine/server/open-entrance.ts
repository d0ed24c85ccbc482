/** An entrance that is open: its socket, and what it serves at the moment. */
import { isDeepStrictEqual } from "node:util";
import type { Socket } from "node:net";
import { peerOf } from "../../../src/core/peer.ts";
import type { Notice } from "../notices.ts";
import type { ClientCounts } from "./client-counts.ts";
import { ClientConnection } from "./connection.ts";
import type { ConnectionSet } from "./drain.ts";
import { type Entrance, entranceKey } from "./entrance.ts";
import { type Arrived, Listener } from "./listener.ts";
import { ServerContext, type ServerContextParts, type ServerSettings } from "./server-context.ts";
import { type TlsAcceptor, tlsAcceptor } from "./tls-acceptor.ts";

/** Client connections of a server. */
export interface ServerCounts {
  open: number;
  /** Since the start. */
  accepted: number;
  /** Since the start: closed at once for want of room. */
  refused: number;
}

/** What all entrances of a server have in common. */
export interface EntranceParts extends Omit<ServerContextParts, "scheme" | "closed"> {
  readonly notice: Notice;
  readonly connections: ConnectionSet;
  readonly clients: ClientCounts;
  readonly counts: ServerCounts;
}

/** What a config makes of an entrance. */
interface Role {
  readonly entrance: Entrance;
  readonly settings: ServerSettings;
  readonly context: ServerContext;
  /** Undefined without TLS. */
  readonly handshake: TlsAcceptor | undefined;
}

/**
 * An idle connection gets this long once its entrance is gone: its client may just have sent a request, and its answer closes the
 * connection anyway.
 */
const IDLE_GRACE_MS = 100;

export class OpenEntrance {
  readonly listener: Listener;
  readonly key: string;
  readonly #parts: EntranceParts;
  /** Under TLS: handshakes take memory and time before there is a connection to count. */
  readonly #encrypted: Set<Socket> = new Set();
  #role: Role | undefined;

  /** Opens nothing yet. */
  constructor(entrance: Entrance, parts: EntranceParts) {
    this.listener = new Listener(entrance);
    this.key = entranceKey(entrance);
    this.#parts = parts;
  }

  get address(): { readonly scheme: "http" | "https"; readonly host: string; readonly port: number } {
    return { scheme: this.#role?.context.scheme ?? "http", ...this.listener.bound };
  }

  /**
   * Makes what the entrance needs for a config. What is returned puts it into effect.
   *
   * @throws what the runtime says of a certificate that it can't use.
   */
  prepare(entrance: Entrance, settings: ServerSettings): () => void {
    const before = this.#role;
    const scheme = entrance.tls === undefined ? "http" : "https";
    const isSameScheme = before?.context.scheme === scheme;
    const context = isSameScheme
      ? before.context
      : new ServerContext({ ...this.#parts, scheme, closed: this.#closed }, entrance.gateway, settings);
    const handshake =
      before !== undefined && isSameHandshake(before, entrance, settings)
        ? before.handshake
        : this.#handshakeOf(entrance, settings, context);
    return () => {
      context.change(entrance.gateway, settings);
      this.#role = { entrance, settings, context, handshake };
      if (!isSameScheme && before !== undefined) this.#leave(before.context);
      this.listener.serve(this.#arrivedOf(context, handshake));
    };
  }

  /** Accepts nothing more. Connections close as they become idle. Resolves when all have closed. */
  close(): Promise<void> {
    const closed = this.listener.close();
    if (this.#role !== undefined) this.#leave(this.#role.context);
    return closed;
  }

  /** Accepts nothing more; what is open goes on. Resolves when all connections have closed. */
  stopAccepting(): Promise<void> {
    return this.listener.close();
  }

  /** Ends connections that are not accepted yet. */
  destroyUnaccepted(): void {
    for (const socket of this.#encrypted) socket.destroy();
  }

  readonly #closed = (connection: ClientConnection): void => {
    const { connections, counts } = this.#parts;
    connections.delete(connection);
    counts.open = connections.size;
  };

  #leave(context: ServerContext): void {
    context.close();
    setTimeout(() => {
      for (const connection of this.#parts.connections) {
        if (connection.cameBy(context)) connection.closeWhenIdle();
      }
    }, IDLE_GRACE_MS).unref();
  }

  #handshakeOf({ tls }: Entrance, { listen }: ServerSettings, context: ServerContext): TlsAcceptor | undefined {
    if (tls === undefined) return undefined;
    return tlsAcceptor({
      tls,
      handshakeMs: listen.timeouts.headerMs,
      accepted: (socket) => this.#accepted(socket, context),
      plainHttp: () => {
        const { port } = this.listener.bound;
        this.#parts.notice(`a client speaks plain HTTP on port ${port}, which is for https`);
      },
    });
  }

  #arrivedOf(context: ServerContext, handshake: TlsAcceptor | undefined): Arrived {
    const { clients } = this.#parts;
    const admits = (socket: Socket): boolean =>
      clients.admit(socket, { most: context.listen.limits.connectionsPerClient, exempt: context.trusted });
    if (handshake === undefined) {
      return (socket) => {
        if (admits(socket)) this.#accepted(socket, context);
        else this.#refuse(socket);
      };
    }
    const encrypted = this.#encrypted;
    return (socket) => {
      if (encrypted.size >= context.listen.limits.connections || !admits(socket)) {
        this.#refuse(socket);
        return;
      }
      encrypted.add(socket);
      socket.once("close", () => encrypted.delete(socket));
      handshake(socket);
    };
  }

  #accepted(socket: Socket, context: ServerContext): void {
    const { connections, counts } = this.#parts;
    if (connections.size >= context.listen.limits.connections) {
      this.#refuse(socket);
      return;
    }
    const peer = peerOf(socket.remoteAddress ?? "", socket.remotePort);
    connections.add(new ClientConnection(socket, peer, context));
    counts.accepted += 1;
    counts.open = connections.size;
  }

  #refuse(socket: Socket): void {
    this.#parts.counts.refused += 1;
    socket.on("error", () => {});
    socket.destroy();
  }
}

const isSameHandshake = (before: Role, { tls }: Entrance, { listen }: ServerSettings): boolean =>
  before.settings.listen.timeouts.headerMs === listen.timeouts.headerMs &&
  isDeepStrictEqual(before.entrance.tls, tls);
