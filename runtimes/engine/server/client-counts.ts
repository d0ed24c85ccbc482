/** How many connections each client has (`listen.limits.connectionsPerClient`). */
import type { Socket } from "node:net";
import type { ThreadShare } from "../../../src/core/thread-share.ts";
import { type PeerAddress, type TrustedRanges, clientNetwork } from "../../../src/http/address.ts";

export interface ClientLimit {
  /** Infinity is no limit. */
  readonly most: number;
  /** Many clients come from these addresses. */
  readonly exempt: TrustedRanges;
}

export class ClientCounts {
  readonly #share: ThreadShare | undefined;
  readonly #counts: Map<string, number> = new Map();

  /** @param share where the limit is one for several threads */
  constructor(share?: ThreadShare) {
    this.#share = share;
  }

  /**
   * False where the client has as many connections as it may. Otherwise `socket` is counted until it closes. Clients without an
   * address can't be told apart, so they are not counted.
   */
  admit(socket: Socket, peer: PeerAddress, { most, exempt }: ClientLimit): boolean {
    if (most === Number.POSITIVE_INFINITY) return true;
    if (peer.address === "" || exempt.includes(peer)) return true;
    const client = clientNetwork(peer.address);
    if (!this.#tryAdd(client, most)) return false;
    socket.once("close", () => this.#release(client));
    return true;
  }

  #tryAdd(client: string, most: number): boolean {
    if (this.#share !== undefined) return this.#share.tryAddClient(client, most);
    const count = this.#counts.get(client) ?? 0;
    if (count >= most) return false;
    this.#counts.set(client, count + 1);
    return true;
  }

  #release(client: string): void {
    if (this.#share !== undefined) {
      this.#share.removeClient(client);
      return;
    }
    const left = (this.#counts.get(client) ?? 0) - 1;
    if (left > 0) this.#counts.set(client, left);
    else this.#counts.delete(client);
  }
}
