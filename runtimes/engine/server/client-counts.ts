/** How many connections each client has (`listen.limits.connectionsPerClient`). */
import type { Socket } from "node:net";
import { peerOf } from "../../../src/core/peer.ts";
import { type TrustedRanges, clientNetwork } from "../../../src/http/address.ts";

export class ClientCounts {
  readonly #most: number;
  readonly #exempt: TrustedRanges;
  readonly #counts: Map<string, number> = new Map();

  /** @param exempt many clients come from these addresses */
  constructor(most: number, exempt: TrustedRanges) {
    this.#most = most;
    this.#exempt = exempt;
  }

  /** False where the client has as many connections as it may. Otherwise `socket` is counted until it closes. */
  admit(socket: Socket): boolean {
    if (this.#most === Number.POSITIVE_INFINITY) return true;
    const { address } = peerOf(socket.remoteAddress ?? "", undefined);
    if (this.#exempt.has(address)) return true;
    const client = clientNetwork(address);
    const count = this.#counts.get(client) ?? 0;
    if (count >= this.#most) return false;
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
