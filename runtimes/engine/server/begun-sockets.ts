/** Sockets that are under TLS, or whose header is still to be read: they take memory and time before there is a connection to count. */
import type { Socket } from "node:net";
import type { Tally } from "../../../src/core/thread-share.ts";

export class BegunSockets {
  readonly #sockets: Set<Socket> = new Set();
  readonly #everywhere: Tally | undefined;

  /** @param everywhere those of all threads; undefined where there is one */
  constructor(everywhere: Tally | undefined) {
    this.#everywhere = everywhere;
  }

  /** Counts a socket until it closes or is removed. False where there are `most` already. */
  add(socket: Socket, most: number): boolean {
    const sockets = this.#sockets;
    if (sockets.has(socket)) return true;
    if (sockets.size >= most || this.#everywhere?.tryAdd(most) === false) return false;
    sockets.add(socket);
    socket.once("close", () => this.remove(socket));
    return true;
  }

  remove(socket: Socket): void {
    if (this.#sockets.delete(socket)) this.#everywhere?.remove();
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
