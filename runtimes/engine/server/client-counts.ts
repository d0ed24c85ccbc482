/** How many connections each client has (`listen.limits.connectionsPerClient`). */
import type { Socket } from "node:net";
import { peerOf } from "../../../src/core/peer.ts";
import { type TrustedRanges, clientNetwork } from "../../../src/http/address.ts";

export interface ClientLimit {
  /** Infinity is no limit. */
  readonly most: number;
  /** Many clients come from these addresses. */
  readonly exempt: TrustedRanges;
}

export class ClientCounts {
  readonly #counts: Map<string, number> = new Map();

  /** False where the client has as many connections as it may. Otherwise `socket` is counted until it closes. */
  admit(socket: Socket, { most, exempt }: ClientLimit): boolean {
    if (most === Number.POSITIVE_INFINITY) return true;
    const { address } = peerOf(socket.remoteAddress ?? "", undefined);
    if (exempt.has(address)) return true;
    const client = clientNetwork(address);
    const count = this.#counts.get(client) ?? 0;
    if (count >= most) return false;
    this.#counts.set(client, count + 1);
    socket.once("close", () => this.#release(client));
    return true;
  }

  #release(client: string): void {
    const left = (this.#counts.get(client) ?? 0) - 1;
    if (left > 0) this.#counts.set(client, left);
    else this.#counts.delete(client);
  }
}
