/** Bun as a platform. */
import type { Arrival, Peer } from "../../src/core/arrival.ts";
import type { Cancellation } from "../../src/core/cancellation.ts";
import type { Attempt } from "../../src/core/exchange.ts";
import type { Clock, FailureReport, Platform } from "../../src/core/platform.ts";
import { webArrival } from "../../src/core/web-arrival.ts";
import { FetchArrival, peerOf } from "../fetch/arrival.ts";
import { LateSignalCancellation } from "../fetch/client-gone.ts";
import { queueClock } from "../fetch/clock.ts";
import { webRandom } from "../fetch/random.ts";
import { inspectTls } from "../inspect-tls.ts";
import { stderrTelemetry } from "../stderr-telemetry.ts";
import { BUN_CAPABILITIES } from "./capabilities.ts";
import type { BunServer } from "./bun-types.ts";
import { bunTransport } from "./transport.ts";

export interface BunPlatformOptions {
  /** Told of every failed exchange, instead of a line on standard error. MUST NOT throw. */
  onFailure?(report: FailureReport): void;
  /**
   * Seconds after which `Bun.serve` closes a connection on which nothing happens (its `idleTimeout`), so that
   * exchanges that may be quiet for longer are excepted.
   * @default 10
   */
  readonly serverIdleSeconds?: number;
}

const BUN_DEFAULT_IDLE_SECONDS = 10;
/** Watching for the client's leaving has its price, so it begins only with exchanges that take longer than this. */
const WATCH_CLIENT_AFTER_MS = 250;

const NOBODY: Peer = Object.freeze({ address: "", port: undefined });

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

  protected readPeer(): Peer {
    const peer = this.server.requestIP(this.request);
    return peer === null ? NOBODY : peerOf(peer.address, peer.port);
  }
  protected makeCancellation(): Cancellation {
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

const arriveWith =
  (clock: Clock) =>
  (request: Request, env: unknown): Arrival => {
    const server = serverOf(env);
    return server === undefined ? webArrival(request) : new BunArrival(request, server, clock);
  };

/** A platform of its own. Upstream connections are pooled by Bun for the whole process. */
export const platform = (options: BunPlatformOptions = {}): Platform => {
  const idleMs = (options.serverIdleSeconds ?? BUN_DEFAULT_IDLE_SECONDS) * 1_000;
  const clock = queueClock({
    now: () => performance.now(),
    epoch: () => Date.now(),
    start(ms, task) {
      (setTimeout(task, ms) as unknown as { unref(): void }).unref();
    },
  });
  const server = {
    mayBeQuiet({ exchange: { arrival } }: Attempt, ms: number): boolean {
      if (ms < idleMs || !(arrival instanceof BunArrival)) return false;
      arrival.server.timeout(arrival.request, 0);
      arrival.timerChanged = true;
      return true;
    },
    over({ exchange: { arrival } }: Attempt): void {
      if (!(arrival instanceof BunArrival) || !arrival.timerChanged) return;
      arrival.server.timeout(arrival.request, idleMs / 1_000);
      arrival.timerChanged = false;
    },
  };
  return {
    name: "bun",
    capabilities: BUN_CAPABILITIES,
    clock,
    random: webRandom(),
    transport: bunTransport(clock, server),
    telemetry:
      options.onFailure === undefined
        ? stderrTelemetry()
        : { failed: (report) => options.onFailure?.(report) },
    inspectTls: (texts) => inspectTls(texts, Date.now()),
    arrive: arriveWith(clock),
  };
};
