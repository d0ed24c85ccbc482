/** A listening socket, which stays open while what it serves changes. */
import { once } from "node:events";
import { type Server, type Socket, createServer } from "node:net";
import { errorCode } from "../../error-code.ts";
import { listenError } from "../../serving.ts";
import type { Entrance } from "./entrance.ts";

/** Connections that may wait to be accepted: bursts of new clients are longer than the default of 511. */
const BACKLOG = 4096;

/** Failures that the fallback address would have too. A list of the other failures won't do: Bun gives them no code. */
const OF_PORTS: ReadonlySet<unknown> = new Set(["EADDRINUSE", "EACCES"]);

export type Address = Pick<Entrance, "host" | "port" | "fallbackHost">;

/** Takes each connection. */
export type Arrived = (socket: Socket) => void;

const ignoreError = (): void => {};

export class Listener {
  readonly #server: Server;
  readonly #address: Address;
  /** Came before there was anybody to take them. */
  #held: Socket[] | undefined = [];
  #arrived: Arrived = (socket) => {
    socket.on("error", ignoreError);
    this.#held?.push(socket);
  };

  /** Opens nothing yet. */
  constructor(address: Address) {
    this.#address = address;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#arrived(socket));
  }

  /** Listens. Connections are held until `serve`. Throws `ServeError` where the address can't be had. */
  async open(): Promise<void> {
    const { host, port, fallbackHost } = this.#address;
    try {
      await this.#listen(host);
    } catch (cause) {
      if (fallbackHost === undefined || OF_PORTS.has(errorCode(cause))) throw listenError(cause, { host, port });
      await this.#listen(fallbackHost).catch((error: unknown) => {
        throw listenError(error, { host: fallbackHost, port });
      });
    }
    // A failure to accept, as where no file descriptor is left, is no reason to end the process.
    this.#server.on("error", ignoreError);
  }

  /** Host and port that are bound; what was asked for before `open`. */
  get bound(): { readonly host: string; readonly port: number } {
    const bound = this.#server.address();
    return bound === null || typeof bound === "string"
      ? this.#address
      : { host: bound.address, port: bound.port };
  }

  /** `arrived` takes all connections from now on, those that wait first. */
  serve(arrived: Arrived): void {
    this.#arrived = arrived;
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const socket of held) {
      socket.off("error", ignoreError);
      if (!socket.destroyed) arrived(socket);
    }
  }

  /** Accepts nothing more. Resolves when all its connections have closed; at once where it was never open. */
  close(): Promise<void> {
    for (const socket of this.#held ?? []) socket.destroy();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  async #listen(host: string): Promise<void> {
    this.#server.listen({ host, port: this.#address.port, backlog: BACKLOG });
    await once(this.#server, "listening");
  }
}
