/** Clients that load balancers name (PROXY protocol), by the connection that stands for theirs. */
import type { Socket } from "node:net";
import type { Peer } from "../../../src/core/arrival.ts";
import { UNIX_PEER, peerOf } from "../../../src/core/peer.ts";
import type { ProxyHeader } from "../../../src/edge/proxy-protocol.ts";

/** Both ends of a connection, as its client sees them. */
export interface ClientEnds {
  readonly peer: Peer;
  /** Port that the client connected to. */
  readonly localPort: number | undefined;
}

/** The connection's own. */
export const ownEnds = (socket: Socket, isUnix: boolean): ClientEnds => ({
  peer: isUnix ? UNIX_PEER : peerOf(socket.remoteAddress ?? "", socket.remotePort),
  localPort: socket.localPort,
});

/** Those that a header tells of; a load balancer's own connections are its own. */
export const namedEnds = (header: ProxyHeader, own: ClientEnds): ClientEnds =>
  header.kind === "local" ? own : { peer: header.source, localPort: header.destination.port };

/**
 * A runtime's TLS makes another socket of the one that was accepted, and does not tell of which: addresses and ports of both ends
 * are what they have in common, and nobody else's at that time.
 */
export class ProxiedClients {
  readonly #byConnection: Map<string, ClientEnds> = new Map();

  /** Until `socket` closes. */
  add(socket: Socket, ends: ClientEnds): void {
    const key = keyOf(socket);
    this.#byConnection.set(key, ends);
    socket.once("close", () => {
      // Another connection with the same addresses and ports may have come before the `close` event of this one.
      if (this.#byConnection.get(key) === ends) this.#byConnection.delete(key);
    });
  }

  /** @param socket the accepted one, or the one under TLS that was made of it. */
  of(socket: Socket): ClientEnds | undefined {
    return this.#byConnection.get(keyOf(socket));
  }
}

const keyOf = ({ remoteAddress, remotePort, localAddress, localPort }: Socket): string =>
  `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
