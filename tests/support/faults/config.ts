/** The config of the faults scenario: short times, so that a run takes half a minute. */
import type { ConfigInput } from "../../../src/config/types.ts";

const [FAST_INTERVAL_MS, CHECK_TIMEOUT_MS, SUCCESSES, SLOW_START_MS] = [250, 400, 2, 1_000];
/** Longest time between two checks, relative to the setting. */
const JITTER = 1.1;

/** Where large uploads go. */
export const UPLOAD_PATH = "/upload";
/** Time that they may stand still. */
export const IDLE_MS = 1_000;

/**
 * Longest time from the end of a fault until the endpoint has half of its share: a check that is under way may take its time
 * limit and fail, then so many must pass, and slow start has reached its middle.
 */
export const RECOVERY_MS: number =
  CHECK_TIMEOUT_MS + SUCCESSES * FAST_INTERVAL_MS * JITTER + SLOW_START_MS / 2;

const ms = (value: number): `${number}ms` => `${value}ms`;

/** Without what Workers can't do where `onWorkers`. */
export const faultsConfig = (urls: readonly string[], onWorkers: boolean): ConfigInput => ({
  upstreams: {
    app: {
      endpoints: urls.map((url) => ({ url })),
      health: {
        path: "/healthz",
        interval: "500ms",
        fastInterval: ms(FAST_INTERVAL_MS),
        timeout: ms(CHECK_TIMEOUT_MS),
        failures: 2,
        successes: SUCCESSES,
      },
      breaker: { open: "500ms" },
      slowStart: ms(SLOW_START_MS),
      timeouts: { firstByte: "1s", ...(onWorkers ? {} : { connect: "500ms" }) },
    },
    // All go to the first; the others are there for retries that must not happen.
    uploads: {
      endpoints: urls.map((url, index) => ({ url, priority: Math.min(index, 1) })),
      timeouts: { idle: ms(IDLE_MS) },
    },
  },
  routes: [{ match: { path: UPLOAD_PATH }, upstream: "uploads" }, { upstream: "app" }],
});
