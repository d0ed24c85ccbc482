/** The config of the faults scenario: short times, so that a run takes half a minute. */
import type { ConfigInput } from "../../../src/config/types.ts";

/** Without what Workers can't do where `onWorkers`. */
export const faultsConfig = (urls: readonly string[], onWorkers: boolean): ConfigInput => ({
  upstreams: {
    app: {
      endpoints: urls.map((url) => ({ url })),
      health: {
        path: "/healthz",
        interval: "500ms",
        fastInterval: "250ms",
        timeout: "400ms",
        failures: 2,
        successes: 2,
      },
      breaker: { open: "500ms" },
      slowStart: "1s",
      timeouts: { firstByte: "1s", ...(onWorkers ? {} : { connect: "500ms" }) },
    },
  },
  routes: [{ upstream: "app" }],
});
