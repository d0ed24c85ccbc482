/** A listening socket, which stays open while what it serves changes. */
import { once } from "node:events";
import { chmod } from "node:fs";
import { type ListenOptions, type Server, type Socket, createServer } from "node:net";
import { errorCode } from "../../error-code.ts";
import { ServeError, listenError } from "../../serving.ts";
import type { Entrance } from "./entrance.ts";
import { type ReleaseFile, bindUnixSocket } from "./unix-socket-file.ts";

/** Connections that may wait to be accepted: bursts of new clients are longer than the default of 511. */
const BACKLOG = 4096;

/** Failures that the fallback address would have too. A list of the other failures won't do: Bun gives them no code. */
const OF_PORTS: ReadonlySet<unknown> = new Set(["EADDRINUSE", "EACCES"]);

/** What a process before this one has left for a listener. */
export interface Inherited {
  /** Of sockets that listen there already. @default none: one is opened */
  readonly descriptors?: readonly number[];
  /** Whether it listens on the same Unix socket until this process does. @default false */
  readonly replacesFile?: boolean;
}

export interface Address
  extends
    Inherited,
    Pick<Entrance, "fallbackHost" | "host" | "port" | "reusePort" | "socket" | "socketMode"> {}

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
  readonly #address: Address;
  readonly #failed: (code: string) => void;
  /** Undefined where the file is not this process's to remove. */
  #releaseFile: ReleaseFile | undefined;
  #mode: string;
  /** One, except where several sockets of one address were handed over. */
  readonly #servers: readonly Server[];
  /** Came before there was anybody to take them. */
  #held: Socket[] | undefined = [];
  #arrived: Arrived = (socket) => {
    socket.on("error", ignoreError);
    this.#held?.push(socket);
  };

  /**
   * Opens nothing yet.
   *
   * @param failed is called with the code of each failure to accept a connection
   */
  constructor(address: Address, failed: (code: string) => void = () => {}) {
    this.#failed = failed;
    this.#address = address;
    this.#mode = address.socketMode;
    this.#servers = Array.from({ length: Math.max(1, address.descriptors?.length ?? 0) }, () =>
      createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#arrived(socket)),
    );
  }

  /** Listens. Connections are held until `serve`. Throws `ServeError` where the address can't be had. */
  async open(): Promise<void> {
    if (this.#isOpenAlready) await this.#takeOver();
    else await this.#bind();
    // A failure to accept, as where no file descriptor is left, is no reason to end the process.
    for (const server of this.#servers) {
      server.on("error", (error) => this.#failed(errorCode(error) ?? error.name));
    }
  }

  /** Whether clients have come to its address already. */
  get takesOver(): boolean {
    return this.#isOpenAlready || this.#address.replacesFile === true;
  }

  /** What is bound; what was asked for before `open`. */
  get bound(): BoundAddress {
    const { host, port, socket } = this.#address;
    if (socket !== undefined) return { host: "", port: 0, socket };
    const bound = this.#servers[0]?.address() ?? null;
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
    const closed = this.#servers.map(
      (server) => new Promise<void>((resolve) => void server.close(() => resolve())),
    );
    await this.#releaseFile?.();
    await Promise.all(closed);
  }

  /** Another process listens on the same socket: its file stays. */
  leaveFile(): void {
    this.#releaseFile = undefined;
  }

  get #isOpenAlready(): boolean {
    return (this.#address.descriptors?.length ?? 0) > 0;
  }

  async #bind(): Promise<void> {
    const { socket: path, socketMode, replacesFile = false } = this.#address;
    if (path === undefined) {
      await this.#bindPort();
      return;
    }
    const mode = Number.parseInt(socketMode, 8);
    this.#releaseFile = await bindUnixSocket({ path, mode, replacesFile }, (draft) =>
      this.#listen(0, { path: draft, backlog: BACKLOG }),
    );
  }

  async #bindPort(): Promise<void> {
    const { host, port, fallbackHost, reusePort = false } = this.#address;
    try {
      await this.#listen(0, { host, port, reusePort, backlog: BACKLOG });
    } catch (cause) {
      if (fallbackHost === undefined || OF_PORTS.has(errorCode(cause)))
        throw listenError(cause, { host, port });
      await this.#listen(0, { host: fallbackHost, port, reusePort, backlog: BACKLOG }).catch(
        (error: unknown) => {
          throw listenError(error, { host: fallbackHost, port });
        },
      );
    }
  }

  async #takeOver(): Promise<void> {
    const { host, port, socket, descriptors = [] } = this.#address;
    const place = socket ?? `${host}:${port}`;
    for (const [index, fd] of descriptors.entries()) {
      await this.#listen(index, { fd }).catch((cause: unknown) => {
        throw new ServeError(`descriptor ${fd} is no socket that could listen for ${place}`, {
          cause,
        });
      });
    }
  }

  async #listen(index: number, options: ListenOptions | { readonly fd: number }): Promise<void> {
    const server = this.#servers[index] as Server;
    server.listen(options);
    await once(server, "listening");
  }
}
