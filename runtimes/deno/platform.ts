/** Deno as a platform. */
import type { Arrival } from "../../src/core/arrival.ts";
import type { Clock, FailureReport, Platform } from "../../src/core/platform.ts";
import { webArrival } from "../../src/core/web-arrival.ts";
import { FetchArrival, peerOf } from "../fetch/arrival.ts";
import { lateSignalCancellation } from "../fetch/client-gone.ts";
import { queueClock } from "../fetch/clock.ts";
import { webRandom } from "../fetch/random.ts";
import { stderrTelemetry } from "../stderr-telemetry.ts";
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
const WATCH_CLIENT_AFTER_MS = 50;

const isServeInfo = (env: unknown): env is DenoServeInfo =>
  typeof env === "object" && env !== null && "remoteAddr" in env;

/** `Deno.serve(app.fetch)` passes its info as Hono's `env`. */
const arriveWith =
  (clock: Clock) =>
  (request: Request, env: unknown): Arrival => {
    if (!isServeInfo(env)) return webArrival(request);
    return new FetchArrival(request, {
      urlTellsAuthority: true,
      peer() {
        const { hostname, port } = env.remoteAddr;
        return peerOf(hostname ?? "", port);
      },
      cancellation: () => lateSignalCancellation(request, clock, WATCH_CLIENT_AFTER_MS),
    });
  };

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
    telemetry:
      options.onFailure === undefined
        ? stderrTelemetry((line) => console.error(line))
        : { failed: (report) => options.onFailure?.(report) },
    arrive: arriveWith(clock),
  };
};
