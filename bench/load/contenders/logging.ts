/** What an access log to a file costs: Fairlead's, in its own format and in nginx's, with metrics and traces; and nginx's own. */
import { join } from "node:path";
import type { AccessLogInput } from "../../../src/config/types.ts";
import { benchConfig, measuredConfig } from "../config.ts";
import type { Contender } from "../contender.ts";
import { onRuntime } from "../scripted.ts";
import { RUNTIMES, UNDER_LOAD, installed } from "./fairlead.ts";
import { nginxWith } from "./nginx.ts";

const FORMATS = ["json", "combined"] as const;

export const loggingContenders: readonly Contender[] = [
  ...RUNTIMES.flatMap((runtime) =>
    FORMATS.map((format): Contender => ({
      id: `log-${format}-${runtime}`,
      name: onRuntime(`Fairlead, access log (${format})`, runtime),
      group: "fairlead",
      runtime,
      parts: UNDER_LOAD,
      ...installed(runtime, ({ port, originPort, folder }) => {
        const access: AccessLogInput = { requests: "all", format, output: join(folder, "access.log") };
        return { ...benchConfig(port, originPort), log: { access } };
      }),
    })),
  ),
  ...RUNTIMES.map((runtime): Contender => ({
    id: `observed-${runtime}`,
    name: onRuntime("Fairlead, metrics, access log and 1 % traces", runtime),
    group: "fairlead",
    runtime,
    parts: UNDER_LOAD,
    ...installed(runtime, ({ port, originPort, folder }) => {
      const measured = measuredConfig(port, originPort);
      return {
        ...measured,
        log: { access: { requests: "all", format: "json", output: join(folder, "access.log") } },
        // Nobody listens there: what is sent waits, and is dropped.
        telemetry: { ...measured.telemetry, traces: { sample: 0.01, url: "http://127.0.0.1:9/v1/traces" } },
      };
    }),
  })),
  nginxWith("nginx-log", "nginx, access log (combined)", ({ folder }) => `${folder}/access.log combined`),
];
