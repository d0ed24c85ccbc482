/** What is measured of a server and its process, and how it is pushed. */
import type { Config } from "../../src/config/types.ts";
import type { Platform } from "../../src/core/platform.ts";
import { transportMetrics } from "../../src/metering.ts";
import { metricReporter } from "../../src/metric-reporter.ts";
import { createMetrics, resourceOf } from "../../src/observation.ts";
import type { Attributes } from "../../src/observe/attributes.ts";
import type { MetricRegistry } from "../../src/observe/metric-registry.ts";
import type { ProxyMetrics } from "../../src/observe/proxy-metrics.ts";
import { STATE_INSTRUMENTS } from "../../src/observe/state-instruments.ts";
import { alive } from "./alive.ts";
import type { ServerCounts } from "./server/listen.ts";

export interface ServerObservation {
  /** Undefined where the config makes no use of metrics. */
  readonly metrics: ProxyMetrics | undefined;
  readonly resource: () => Attributes;
  readonly counts: ServerCounts;
  /** Configs that were put into effect. */
  readonly configs: { generation: number };
  /** Pushes what was not pushed yet, and stops measuring. */
  close(): Promise<void>;
}

/** The last push may take this long. */
const FLUSH_MS = 2_000;

/** Measures nothing where the config makes no use of metrics. */
export const observeServer = async (config: Config, platform: Platform): Promise<ServerObservation> => {
  const counts: ServerCounts = { open: 0, accepted: 0, refused: 0 };
  const configs = { generation: 0 };
  const metrics = createMetrics(config, platform);
  const instance = platform.random.id();
  const resource = (): Attributes => resourceOf(config, platform, instance);
  if (metrics === undefined) return { metrics, resource, counts, configs, close: async () => {} };
  const { registry } = metrics;
  const { processMetrics } = await import("./process-metrics.ts");
  const endProcess = processMetrics(registry);
  transportMetrics(metrics, platform.transport);
  observeServerState(registry, counts, configs);
  const reporter = metricReporter(config, platform, { metrics, resource });
  reporter?.start();
  return {
    metrics,
    resource,
    counts,
    configs,
    async close() {
      endProcess();
      if (reporter !== undefined) await alive(reporter.flush(FLUSH_MS));
    },
  };
};

const observeServerState = (
  registry: MetricRegistry,
  counts: ServerCounts,
  configs: ServerObservation["configs"],
): void => {
  registry.observe((observe) => {
    observe(STATE_INSTRUMENTS.serverConnections, [], counts.open);
    observe(STATE_INSTRUMENTS.accepted, [], counts.accepted);
    observe(STATE_INSTRUMENTS.turnedAway, [], counts.refused);
    observe(STATE_INSTRUMENTS.generation, [], configs.generation);
  });
};
