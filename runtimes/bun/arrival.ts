/** Requests as `Bun.serve` hands them over, and the timer of the connections that they came on. */
import type { Arrival, Peer } from "../../src/core/arrival.ts";
import type { Cancellation } from "../../src/core/cancellation.ts";
import type { Attempt } from "../../src/core/exchange.ts";
import type { Clock } from "../../src/core/platform.ts";
import { UNKNOWN_PEER, peerOf } from "../../src/core/peer.ts";
import { webArrival } from "../../src/core/web-arrival.ts";
import { FetchArrival } from "../fetch/arrival.ts";
import { LateSignalCancellation } from "../fetch/client-gone.ts";
import type { FetchHooks } from "../fetch/hooks.ts";
import type { BunServer } from "./bun-types.ts";

/** Watching for the client's leaving has its price, so it begins only with exchanges that take longer than this. */
const WATCH_CLIENT_AFTER_MS = 250;

/** Bun knows a connection by the very request that it handed over, so that one stands for it. */
class BunArrival extends FetchArrival {
  readonly server: BunServer;
  /** The connection's idle timer isn't the server's usual one. */
  timerChanged = false;

  readonly #clock: Clock;

  constructor(request: Request, server: BunServer, clock: Clock) {
    super(request);
    this.server = server;
    this.#clock = clock;
  }

  get connection(): this {
    return this;
  }
  protected override readPeer(): Peer {
    const peer = this.server.requestIP(this.request);
    return peer === null ? UNKNOWN_PEER : peerOf(peer.address, peer.port);
  }
  protected override makeCancellation(): Cancellation {
    return new LateSignalCancellation(this.request, this.#clock, WATCH_CLIENT_AFTER_MS);
  }
}

const isServer = (env: unknown): env is BunServer =>
  typeof env === "object" && env !== null && "requestIP" in env && "timeout" in env;

/** `Bun.serve({ fetch: app.fetch })` passes its server as Hono's `env`, alone or as `env.server`. */
const serverOf = (env: unknown): BunServer | undefined => {
  if (isServer(env)) return env;
  return typeof env === "object" && env !== null && "server" in env && isServer(env.server)
    ? env.server
    : undefined;
};

export const bunArrivals =
  (clock: Clock) =>
  (request: Request, env: unknown): Arrival => {
    const server = serverOf(env);
    return server === undefined ? webArrival(request) : new BunArrival(request, server, clock);
  };

/**
 * Takes the idle timer off connections whose exchange may be quiet for longer than it allows, and puts it back afterwards.
 * Finds the connection whatever request an exchange has by then.
 *
 * @param idleMs the server's usual time.
 */
export const idleTimerHooks = (idleMs: number): Required<Pick<FetchHooks, "mayBeQuiet" | "over">> => ({
  mayBeQuiet({ exchange: { arrival } }: Attempt, ms: number): boolean {
    const { connection } = arrival;
    if (ms < idleMs || !(connection instanceof BunArrival)) return false;
    connection.server.timeout(connection.request, 0);
    connection.timerChanged = true;
    return true;
  },
  over({ exchange: { arrival } }: Attempt): void {
    const { connection } = arrival;
    if (!(connection instanceof BunArrival) || !connection.timerChanged) return;
    connection.server.timeout(connection.request, idleMs / 1_000);
    connection.timerChanged = false;
  },
});
