/** Makes one connection, over whichever of an endpoint's addresses answers first. */
import { type NetConnectOpts, type Socket, connect, isIP } from "node:net";
import type { Cancel, Clock } from "../../../src/core/platform.ts";
import { type Address, interleaved } from "./addresses.ts";
import type { TlsClient } from "./tls.ts";

/** The next address is tried when one has not answered for so long (RFC 8305 §5). */
const NEXT_ATTEMPT_MS = 250;

/** All addresses of a name, or why there are none. */
export type Lookup = (
  host: string,
  done: (error: Error | undefined, addresses: readonly Address[]) => void,
) => void;

/** Where to connect to. */
export interface Destination {
  readonly host: string;
  readonly port: number;
  readonly socketPath: string | undefined;
  readonly tls: TlsClient | undefined;
}

/** How it ended; called once unless cancelled. */
export interface DialResult {
  connected(socket: Socket): void;
  failed(error: unknown): void;
  /** Nothing answered within `limitMs`. */
  timedOut(): void;
}

export interface DialOptions {
  readonly destination: Destination;
  /** For all of it: name, connection, TLS. 0 is no limit. */
  readonly limitMs: number;
  /** The connection may become a tunnel: its sides end apart. */
  readonly forTunnel: boolean;
  readonly clock: Clock;
  readonly lookup: Lookup;
}

/** @returns gives up */
export const dial = (options: DialOptions, result: DialResult): Cancel => {
  const dialling = new Dialling(options, result);
  dialling.start();
  return () => dialling.end();
};

/**
 * "Happy Eyeballs" (RFC 8305): an attempt that takes long goes on while the next ones start; the first connection wins. So
 * one dead address costs 250 ms, and a slow one is not lost.
 */
class Dialling {
  readonly #options: DialOptions;
  readonly #result: DialResult;
  readonly #attempts: Set<Socket> = new Set();
  #addresses: Address[] = [];
  #next = 0;
  #error: unknown;
  #over = false;
  #cancelLimit: Cancel | undefined;
  #cancelNext: Cancel | undefined;

  constructor(options: DialOptions, result: DialResult) {
    this.#options = options;
    this.#result = result;
  }

  start(): void {
    const { destination, limitMs, clock, lookup } = this.#options;
    if (limitMs > 0) {
      this.#cancelLimit = clock.after(limitMs, () => {
        this.end();
        this.#result.timedOut();
      });
    }
    const { host, socketPath } = destination;
    const family = isIP(host);
    if (socketPath !== undefined || family !== 0) {
      this.#addresses = [{ address: host, family }];
      this.#attempt();
      return;
    }
    lookup(host, (error, addresses) => {
      if (this.#over) return;
      this.#addresses = interleaved(addresses);
      if (error !== undefined || addresses.length === 0) this.#fail(error);
      else this.#attempt();
    });
  }

  /** Nothing happens afterwards. */
  end(): void {
    this.#over = true;
    this.#cancelLimit?.();
    this.#cancelNext?.();
    for (const socket of this.#attempts) socket.destroy();
    this.#attempts.clear();
  }

  #fail(error: unknown): void {
    this.end();
    this.#result.failed(error);
  }

  #attempt(): void {
    const address = this.#addresses[this.#next++];
    if (address === undefined) {
      if (this.#attempts.size === 0) this.#fail(this.#error);
      return;
    }
    const socket = connect(this.#target(address));
    this.#attempts.add(socket);
    socket.on("error", (error) => this.#lost(socket, error));
    socket.once("connect", () => {
      if (!this.#over) this.#reached(socket);
    });
    if (this.#next >= this.#addresses.length) return;
    this.#cancelNext = this.#options.clock.after(NEXT_ATTEMPT_MS, () => this.#attempt());
  }

  #target({ address }: Address): NetConnectOpts {
    const { destination, forTunnel: allowHalfOpen } = this.#options;
    const { port, socketPath } = destination;
    if (socketPath !== undefined) return { path: socketPath, allowHalfOpen };
    return { host: address, port, noDelay: true, allowHalfOpen, autoSelectFamily: false };
  }

  #lost(socket: Socket, error: unknown): void {
    if (this.#over || !this.#attempts.delete(socket)) return;
    // The first address is the preferred one: its failure says most.
    this.#error ??= error;
    this.#cancelNext?.();
    this.#attempt();
  }

  #reached(socket: Socket): void {
    this.#attempts.delete(socket);
    this.#cancelNext?.();
    for (const other of this.#attempts) other.destroy();
    this.#attempts.clear();
    const { tls } = this.#options.destination;
    if (tls === undefined) {
      this.#connected(socket);
      return;
    }
    let secured: Socket;
    try {
      secured = tls.wrap(socket);
    } catch (error) {
      // Certificate or key that this runtime can't use.
      socket.destroy();
      this.#fail(error);
      return;
    }
    this.#attempts.add(secured);
    secured.once("secureConnect", () => {
      if (this.#over) return;
      this.#attempts.delete(secured);
      this.#connected(secured);
    });
    const lost = (error?: unknown): void => {
      if (this.#over || !this.#attempts.delete(secured)) return;
      this.#fail(error);
    };
    secured.once("error", lost);
    secured.once("close", () => lost());
  }

  #connected(socket: Socket): void {
    this.end();
    this.#result.connected(socket);
  }
}
