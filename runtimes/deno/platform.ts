/** Deno as a platform. */
import type { Arrival, Peer } from "../../src/core/arrival.ts";
import type { Cancellation } from "../../src/core/cancellation.ts";
import type { Clock, FailureReport, Platform } from "../../src/core/platform.ts";
import { peerOf } from "../../src/core/peer.ts";
import { webArrival } from "../../src/core/web-arrival.ts";
import { FetchArrival } from "../fetch/arrival.ts";
import { LateSignalCancellation } from "../fetch/client-gone.ts";
import { queueClock } from "../fetch/clock.ts";
import { webRandom } from "../fetch/random.ts";
import { telemetryOf } from "../stderr-telemetry.ts";
import { inspectTlsForDeno } from "./inspect-tls.ts";
import { DENO_CAPABILITIES } from "./capabilities.ts";
import { type DenoServeInfo, deno } from "./deno-types.ts";
import { denoTransport } from "./transport.ts";

export interface DenoPlatformOptions {
  /** Told of every failed exchange, instead of a line on standard error. MUST NOT throw. */
  onFailure?(report: FailureReport): void;
}

/**
 * Watching for the client's leaving costs a fifth of a small request's whole way, so it begins only when the upstream
 * has not answered for this long.
 */
const WATCH_CLIENT_AFTER_MS = 250;

const isServeInfo = (env: unknown): env is DenoServeInfo =>
  typeof env === "object" && env !== null && "remoteAddr" in env;

class DenoArrival extends FetchArrival {
  readonly #info: DenoServeInfo;
  readonly #clock: Clock;

  constructor(request: Request, info: DenoServeInfo, clock: Clock) {
    super(request);
    this.#info = info;
    this.#clock = clock;
  }

  /** Deno makes the path of a URL of `*`; a resource of that name is the less likely question. */
  override get target(): string {
    const target = super.target;
    return target === "/*" && this.method === "OPTIONS" ? "*" : target;
  }
  /** A server's requests have a body with nothing in it too. Their fields can't be changed, unlike those of an app's. */
  protected override get mayBeOfApp(): boolean {
    try {
      this.request.headers.delete("content-length");
      return true;
    } catch {
      return false;
    }
  }
  protected override get urlTellsAuthority(): boolean {
    return true;
  }
  protected override readPeer(): Peer {
    const { hostname, port } = this.#info.remoteAddr;
    return peerOf(hostname ?? "", port);
  }
  protected override makeCancellation(): Cancellation {
    return new LateSignalCancellation(this.request, this.#clock, WATCH_CLIENT_AFTER_MS);
  }
}

/** `Deno.serve(app.fetch)` passes its info as Hono's `env`. */
const arriveWith =
  (clock: Clock) =>
  (request: Request, env: unknown): Arrival =>
    isServeInfo(env) ? new DenoArrival(request, env, clock) : webArrival(request);

/** A platform of its own: its upstream connections are shared with no other. */
export const platform = (options: DenoPlatformOptions = {}): Platform => {
  const clock = queueClock({
    now: () => performance.now(),
    epoch: () => Date.now(),
    start(ms, task) {
      deno().unrefTimer(setTimeout(task, ms) as unknown as number);
    },
  });
  return {
    name: "deno",
    capabilities: DENO_CAPABILITIES,
    clock,
    random: webRandom(),
    transport: denoTransport(clock),
    telemetry: telemetryOf(options, (line) => console.error(line)),
    inspectTls: (texts) => inspectTlsForDeno(texts, Date.now()),
    arrive: arriveWith(clock),
  };
};
