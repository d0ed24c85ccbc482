/** Bun as a platform. */
import type { FailureReport, Platform } from "../../src/core/platform.ts";
import { queueClock } from "../fetch/clock.ts";
import { webRandom } from "../fetch/random.ts";
import { inspectTls } from "../inspect-tls.ts";
import { telemetryOf } from "../stderr-telemetry.ts";
import { bunArrivals, idleTimerHooks } from "./arrival.ts";
import { BUN_CAPABILITIES } from "./capabilities.ts";
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
  return {
    name: "bun",
    capabilities: BUN_CAPABILITIES,
    clock,
    random: webRandom(),
    transport: bunTransport(clock, idleTimerHooks(idleMs)),
    telemetry: telemetryOf(options),
    inspectTls: (texts) => inspectTls(texts, Date.now()),
    arrive: bunArrivals(clock),
  };
};
