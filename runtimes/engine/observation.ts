/** What is measured of a server and its process, and how it is pushed. */
import type { Config } from "../../src/config/types.ts";
import type { Platform } from "../../src/core/platform.ts";
import { transportMetrics } from "../../src/metering.ts";
import type { MetricPush } from "../../src/metric-push.ts";
import { createMetrics, pushUrl, resourceOf } from "../../src/observation.ts";
import type { Attributes } from "../../src/observe/attributes.ts";
import type { MetricRegistry } from "../../src/observe/metric-registry.ts";
import type { ProxyMetrics } from "../../src/observe/proxy-metrics.ts";
import { STATE_INSTRUMENTS } from "../../src/observe/state-instruments.ts";
import type { ServerCounts } from "./server/listen.ts";

export interface ServerObservation {
  /** Undefined where nobody reads any. */
  readonly metrics: ProxyMetrics | undefined;
  readonly resource: Attributes;
  readonly counts: ServerCounts;
  /** Pushes what is left, and ends. */
  close(): Promise<void>;
}

/** What is left gets this long at the end. */
const FLUSH_MS = 2_000;
const MINUTE_MS = 60_000;

/** Costs nothing where nobody reads metrics. */
export const observeServer = async (config: Config, platform: Platform): Promise<ServerObservation> => {
  const counts: ServerCounts = { open: 0, accepted: 0, refused: 0 };
  const metrics = createMetrics(config, platform);
  const resource = resourceOf(config, platform, platform.random.id());
  if (metrics === undefined) return { metrics, resource, counts, close: async () => {} };
  const { registry } = metrics;
  const { processMetrics } = await import("./process-metrics.ts");
  const endProcess = processMetrics(registry);
  transportMetrics(metrics, platform.transport);
  observeConnections(registry, counts);
  const push = await pushOf(config, platform, { metrics, resource });
  return {
    metrics,
    resource,
    counts,
    async close() {
      endProcess();
      await flushed(push);
    },
  };
};

const observeConnections = (registry: MetricRegistry, counts: ServerCounts): void => {
  registry.observe((observe) => {
    observe(STATE_INSTRUMENTS.serverConnections, [], counts.open);
    observe(STATE_INSTRUMENTS.accepted, [], counts.accepted);
    observe(STATE_INSTRUMENTS.turnedAway, [], counts.refused);
  });
};

/** Its modules are loaded where there is a collector, so that no other start waits for them. */
const pushOf = async (
  config: Config,
  { clock, random, post: send }: Platform,
  measured: { readonly metrics: ProxyMetrics; readonly resource: Attributes },
): Promise<MetricPush | undefined> => {
  const url = pushUrl(config);
  if (url === undefined || send === undefined) return undefined;
  const { MetricPush: Push } = await import("../../src/metric-push.ts");
  const { metrics, otlp } = config.telemetry;
  const push = new Push({
    ...measured,
    url,
    otlp,
    intervalMs: otlp.intervalMs ?? MINUTE_MS,
    temporality: metrics === false ? "cumulative" : (metrics.temporality ?? "cumulative"),
    clock,
    random,
    send,
    isBackground: true,
  });
  push.start();
  return push;
};

const flushed = async (push: MetricPush | undefined): Promise<void> => {
  // The clock's timers keep no process alive.
  const alive = setInterval(() => {}, FLUSH_MS);
  try {
    await push?.flush(FLUSH_MS);
  } finally {
    clearInterval(alive);
  }
};
