/** An entrance that is open: its socket, and what it serves at the moment. */
import { isDeepStrictEqual } from "node:util";
import type { Socket } from "node:net";
import { limitFrom } from "../deadlines.ts";
import type { Tally } from "../../../src/core/thread-share.ts";
import type { Notice } from "../notices.ts";
import { BegunSockets } from "./begun-sockets.ts";
import type { ClientCounts } from "./client-counts.ts";
import type { ClientFacts } from "./client-socket.ts";
import { ClientConnection } from "./connection.ts";
import type { ConnectionSet } from "./drain.ts";
import { type Entrance, entranceKey } from "./entrance.ts";
import { VerifiedCertificates } from "./client-identity.ts";
import { type Arrived, type Inherited, Listener } from "./listener.ts";
import { type ClientEnds, ProxiedClients, namedEnds, ownEnds } from "./proxied-clients.ts";
import { ProxyHeaderReader } from "./proxy-header.ts";
import { ServerContext, type ServerContextParts, type ServerSettings } from "./server-context.ts";
import { type TlsAcceptor, tlsAcceptor } from "./tls-acceptor.ts";
import { type TrustedRanges, compileTrusted } from "../../../src/http/address.ts";
import type { ListenAddress } from "../../serving.ts";

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
  /** Connections of all threads. Undefined where there is one. */
  readonly seats: Seats | undefined;
  /** Whether the runtime's TLS sockets read on while they are paused. @default false */
  readonly pacesTls?: boolean;
}

interface Seats {
  readonly open: Tally;
  /** Under TLS, handshakes included. */
  readonly encrypted: Tally;
}

/** What a config makes of an entrance. */
interface Role {
  readonly entrance: Entrance;
  readonly settings: ServerSettings;
  readonly context: ServerContext;
  /** Undefined without TLS. */
  readonly handshake: TlsAcceptor | undefined;
  readonly verified: VerifiedCertificates;
}

/**
 * An idle connection gets this long once its entrance is gone: its client may just have sent a request, and its answer closes the
 * connection anyway.
 */
export const IDLE_GRACE_MS = 100;

export class OpenEntrance {
  readonly listener: Listener;
  readonly key: string;
  readonly #parts: EntranceParts;
  readonly #name: string;
  readonly #begun: BegunSockets;
  readonly #proxied = new ProxiedClients();
  #role: Role | undefined;

  /** Opens nothing yet. */
  constructor(entrance: Entrance, parts: EntranceParts, inherited: Inherited = {}) {
    this.listener = new Listener({ ...entrance, ...inherited }, (code) =>
      parts.notice(`connections to ${this.#place} can't be accepted: ${code}`),
    );
    this.#name = entrance.name;
    this.key = entranceKey(entrance);
    this.#parts = parts;
    this.#begun = new BegunSockets(parts.seats?.encrypted);
  }

  /** Its place in the config in effect. */
  get name(): string {
    return this.#role?.entrance.name ?? this.#name;
  }

  get address(): ListenAddress {
    return { scheme: this.#role?.context.scheme ?? "http", ...this.listener.bound };
  }

  get role(): Entrance["role"] {
    return this.#role?.entrance.role ?? "traffic";
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
    const verified =
      before !== undefined && before.entrance.tls?.client?.ca === entrance.tls?.client?.ca
        ? before.verified
        : new VerifiedCertificates();
    const handshake =
      before !== undefined && isSameHandshake(before, entrance, settings)
        ? before.handshake
        : this.#handshakeOf(entrance, settings, { context, verified });
    return () => {
      context.change(entrance.gateway, settings);
      const role: Role = { entrance, settings, context, handshake, verified };
      this.#role = role;
      if (!isSameScheme && before !== undefined) this.#leave(before.context);
      this.listener.allow(entrance.socketMode);
      this.listener.serve(this.#arrivedOf(role));
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

  /** From now on every response closes its connection. */
  closeBehindResponses(): void {
    this.#role?.context.close();
  }

  /** Ends connections that are not accepted yet. */
  destroyUnaccepted(): void {
    this.#begun.destroy();
  }

  readonly #closed = (connection: ClientConnection): void => {
    const { connections, counts, seats } = this.#parts;
    connections.delete(connection);
    seats?.open.remove();
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

  #handshakeOf(
    { tls, challenges }: Entrance,
    { listen }: ServerSettings,
    { context, verified }: Pick<Role, "context" | "verified">,
  ): TlsAcceptor | undefined {
    if (tls === undefined) return undefined;
    const { notice, epoch } = this.#parts;
    return tlsAcceptor({
      tls,
      challenges,
      handshakeMs: listen.timeouts.headerMs,
      verified,
      epoch,
      isPaced: this.#parts.pacesTls === true,
      accepted: ({ socket, addressed, tls: facts }) => {
        const ends = this.#endsOf(addressed);
        if (ends === undefined) this.#refuse(socket);
        else this.#accepted(socket, ends, { context, tls: facts, addressed });
      },
      failed: notice,
      plainHttp: () => notice(`a client speaks plain HTTP on ${this.#place}, which is for https`),
    });
  }

  /** For messages. */
  get #place(): string {
    const { port, socket } = this.listener.bound;
    return socket ?? `port ${port}`;
  }

  /** Undefined where a header should have told. */
  #endsOf(socket: Socket): ClientEnds | undefined {
    const entrance = this.#role?.entrance;
    const named = this.#proxied.of(socket);
    return named ?? (entrance?.proxyProtocol === undefined ? ownEnds(socket, this.#isUnix) : undefined);
  }

  get #isUnix(): boolean {
    return this.listener.bound.socket !== undefined;
  }

  #arrivedOf(role: Role): Arrived {
    const { proxyProtocol } = role.entrance;
    const isUnix = this.#isUnix;
    if (proxyProtocol === undefined) return (socket) => this.#begin(socket, ownEnds(socket, isUnix), role);
    const from = compileTrusted(proxyProtocol.from);
    return (socket) => {
      const own = ownEnds(socket, isUnix);
      if (from.includes(own.peer)) this.#readHeader(socket, own, { role, from });
      else if (proxyProtocol.others === "plain") this.#begin(socket, own, role);
      else {
        this.#parts.notice(
          `a client without the PROXY protocol came to ${this.#place}, which takes it from others`,
        );
        this.#refuse(socket);
      }
    };
  }

  #readHeader(
    socket: Socket,
    own: ClientEnds,
    { role, from }: { readonly role: Role; readonly from: TrustedRanges },
  ): void {
    const { deadlines, now, notice } = this.#parts;
    const { limits, timeouts } = role.context.listen;
    if (!this.#begun.add(socket, limits.connections)) {
      this.#refuse(socket);
      return;
    }
    ProxyHeaderReader.begin({
      socket,
      deadlines,
      deadline: limitFrom(now(), timeouts.headerMs),
      read: (header) => this.#begin(socket, namedEnds(header, own), role, from),
      failed: (reason) => {
        this.#parts.counts.refused += 1;
        notice(`a connection to ${this.#place} was closed: ${reason}`);
      },
    });
  }

  /** @param exempt load balancers, whose own connections are not counted */
  #begin(socket: Socket, ends: ClientEnds, role: Role, exempt?: TrustedRanges): void {
    const { context, handshake, entrance } = role;
    const { clients } = this.#parts;
    const { connections, connectionsPerClient: most } = context.listen.limits;
    if (handshake !== undefined && !this.#begun.add(socket, connections)) {
      this.#refuseFull(socket, connections);
      return;
    }
    const isCounted = exempt?.includes(ends.peer) !== true;
    if (isCounted && !clients.admit(socket, ends.peer, { most, exempt: context.trusted })) {
      this.#refuse(socket);
    } else if (handshake === undefined) {
      this.#begun.remove(socket);
      this.#accepted(socket, ends, { context, tls: undefined, addressed: socket });
    } else {
      if (entrance.proxyProtocol !== undefined) this.#proxied.add(socket, ends);
      handshake(socket);
    }
  }

  #accepted(
    socket: Socket,
    { peer, localPort }: ClientEnds,
    { context, ...more }: Pick<ClientFacts, "addressed" | "tls"> & { readonly context: ServerContext },
  ): void {
    const { connections, counts, seats } = this.#parts;
    const { connections: most } = context.listen.limits;
    if (connections.size >= most || seats?.open.tryAdd(most) === false) {
      this.#refuseFull(socket, most);
      return;
    }
    counts.accepted += 1;
    connections.add(new ClientConnection(socket, { peer, localPort, ...more }, context, counts.accepted));
    counts.open = connections.size;
  }

  #refuseFull(socket: Socket, most: number): void {
    this.#parts.notice(`clients are refused: there is room for ${most} connections, and all are open`);
    this.#refuse(socket);
  }

  #refuse(socket: Socket): void {
    this.#parts.counts.refused += 1;
    socket.on("error", () => {});
    socket.destroy();
  }
}

const isSameHandshake = (before: Role, { tls, challenges }: Entrance, { listen }: ServerSettings): boolean =>
  before.settings.listen.timeouts.headerMs === listen.timeouts.headerMs &&
  before.entrance.challenges === challenges &&
  isDeepStrictEqual(before.entrance.tls, tls);
