/** A listening socket, which stays open while what it serves changes. */
import { once } from "node:events";
import { chmod } from "node:fs";
import { type Server, type Socket, createServer } from "node:net";
import { errorCode } from "../../error-code.ts";
import { listenError } from "../../serving.ts";
import type { Entrance } from "./entrance.ts";
import { type ReleaseFile, bindUnixSocket } from "./unix-socket-file.ts";

/** Connections that may wait to be accepted: bursts of new clients are longer than the default of 511. */
const BACKLOG = 4096;

/** Failures that the fallback address would have too. A list of the other failures won't do: Bun gives them no code. */
const OF_PORTS: ReadonlySet<unknown> = new Set(["EADDRINUSE", "EACCES"]);

export type Address = Pick<Entrance, "fallbackHost" | "host" | "port" | "socket" | "socketMode">;

/** Where a listener can be reached: at host and port, or at a Unix socket, which has neither. */
export interface BoundAddress {
  readonly host: string;
  readonly port: number;
  /** Path of a Unix socket. */
  readonly socket?: string | undefined;
}

/** Takes each connection. */
export type Arrived = (socket: Socket) => void;

const ignoreError = (): void => {};

export class Listener {
  readonly #server: Server;
  readonly #address: Address;
  #releaseFile: ReleaseFile | undefined;
  #mode: string;
  /** Came before there was anybody to take them. */
  #held: Socket[] | undefined = [];
  #arrived: Arrived = (socket) => {
    socket.on("error", ignoreError);
    this.#held?.push(socket);
  };

  /** Opens nothing yet. */
  constructor(address: Address) {
    this.#address = address;
    this.#mode = address.socketMode;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#arrived(socket));
  }

  /** Listens. Connections are held until `serve`. Throws `ServeError` where the address can't be had. */
  async open(): Promise<void> {
    const { socket: path, socketMode: mode } = this.#address;
    if (path === undefined) await this.#openPort();
    else
      this.#releaseFile = await bindUnixSocket({ path, mode: Number.parseInt(mode, 8) }, (draft) =>
        this.#listen({ path: draft }),
      );
    // A failure to accept, as where no file descriptor is left, is no reason to end the process.
    this.#server.on("error", ignoreError);
  }

  /** What is bound; what was asked for before `open`. */
  get bound(): BoundAddress {
    const { host, port, socket } = this.#address;
    if (socket !== undefined) return { host: "", port: 0, socket };
    const bound = this.#server.address();
    return bound === null || typeof bound === "string"
      ? { host, port }
      : { host: bound.address, port: bound.port };
  }

  /** Changes who may connect to a Unix socket. */
  allow(mode: string): void {
    const { socket } = this.#address;
    if (socket === undefined || mode === this.#mode) return;
    this.#mode = mode;
    chmod(socket, Number.parseInt(mode, 8), () => {});
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
  async close(): Promise<void> {
    for (const socket of this.#held ?? []) socket.destroy();
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    await this.#releaseFile?.();
    await closed;
  }

  async #openPort(): Promise<void> {
    const { host, port, fallbackHost } = this.#address;
    try {
      await this.#listen({ host, port });
    } catch (cause) {
      if (fallbackHost === undefined || OF_PORTS.has(errorCode(cause)))
        throw listenError(cause, { host, port });
      await this.#listen({ host: fallbackHost, port }).catch((error: unknown) => {
        throw listenError(error, { host: fallbackHost, port });
      });
    }
  }

  async #listen(where: { host: string; port: number } | { path: string }): Promise<void> {
    this.#server.listen({ ...where, backlog: BACKLOG });
    await once(this.#server, "listening");
  }
}
