/** Metrics of a server and its process, and their push to a collector. */
import type { Config } from "../../src/config/types.ts";
import type { Platform } from "../../src/core/platform.ts";
import { transportMetrics } from "../../src/metering.ts";
import { metricReporter } from "../../src/metric-reporter.ts";
import { createMetrics, ownResource } from "../../src/observation.ts";
import type { Attributes } from "../../src/observe/attributes.ts";
import type { MetricRegistry } from "../../src/observe/metric-registry.ts";
import type { ProxyMetrics } from "../../src/observe/proxy-metrics.ts";
import { STATE_INSTRUMENTS } from "../../src/observe/state-instruments.ts";
import { alive } from "./alive.ts";
import type { ServerCounts } from "./server/listen.ts";
import type { ThreadPart } from "./thread-part.ts";

export interface ServerObservation {
  /** Undefined where nothing reads them. */
  readonly metrics: ProxyMetrics | undefined;
  readonly resource: () => Attributes;
  readonly counts: ServerCounts;
  /** How many configs were put into effect. */
  readonly configs: { generation: number };
  /** Stops measuring and pushes what is left. */
  close(): Promise<void>;
}

/** Time for the last push. */
const FLUSH_MS = 2_000;

/** Measures nothing where nothing reads metrics. Of several threads, the main one pushes what all of them count. */
export const observeServer = async (
  config: Config,
  platform: Platform,
  part?: ThreadPart,
): Promise<ServerObservation> => {
  const counts: ServerCounts = { open: 0, accepted: 0, refused: 0 };
  const configs = { generation: 0 };
  const metrics = createMetrics(
    config,
    platform,
    part && { memory: part.memory, everywhere: part.observedEverywhere },
  );
  const isMain = part?.role !== "serving";
  const resource = part?.role === "serving" ? () => part.resource : ownResource(config, platform);
  if (metrics === undefined) return { metrics, resource, counts, configs, close: async () => {} };
  const { registry } = metrics;
  const { processMetrics } = await import("./process-metrics.ts");
  const endProcess = processMetrics(registry, isMain);
  transportMetrics(metrics, platform.transport);
  observeServerState(registry, counts, configs);
  const reporter = isMain ? metricReporter(config, platform, { metrics, resource }) : undefined;
  reporter?.start();
  return {
    metrics,
    resource,
    counts,
    configs,
    async close() {
      endProcess();
      await alive(reporter?.flush(FLUSH_MS));
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
