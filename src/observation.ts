/** What a config says of metrics, put to work. */
import type { Config, MetricsConfig, OtlpConfig, TelemetryConfig } from "./config/types.ts";
import type { Platform } from "./core/platform.ts";
import type { Attributes } from "./observe/attributes.ts";
import { ProxyMetrics } from "./observe/proxy-metrics.ts";
import { VERSION } from "./version.ts";

/** The metrics of a process or isolate; undefined where nobody would read them, or the config wants none. */
export const createMetrics = (
  config: Config,
  { clock, capabilities }: Platform,
): ProxyMetrics | undefined => {
  const { metrics } = config.telemetry;
  const { port, path } = config.admin;
  if (metrics === false) return undefined;
  if (port === undefined && path === undefined && pushUrl(config) === undefined) return undefined;
  const { maxSeries, durationBounds } = metrics;
  return new ProxyMetrics({
    epoch: () => clock.epoch(),
    maxSeries,
    durationBounds,
    seesEnds: capabilities.has("background"),
  });
};

/** Where metrics are pushed; undefined where they are not. */
export const pushUrl = ({ telemetry: { metrics, otlp } }: Config): string | undefined =>
  metrics === false ? undefined : collectorUrlOf(metrics, otlp);

export const collectorUrlOf = (
  { url }: Pick<MetricsConfig, "url">,
  { endpoint }: Pick<OtlpConfig, "endpoint">,
): string | undefined => url ?? (endpoint && `${endpoint.replace(/\/+$/, "")}/v1/metrics`);

const MINUTE_MS = 60_000;
/** Behind a response a Worker may wait for half a minute. */
const WORKER_INTERVAL_MS = 15_000;

/** @param isBackground whether timers go on between requests. */
export const intervalOf = ({ intervalMs }: Pick<OtlpConfig, "intervalMs">, isBackground: boolean): number =>
  intervalMs ?? (isBackground ? MINUTE_MS : WORKER_INTERVAL_MS);

/** Who reports. `instance` tells processes of one service apart. */
export const serviceResource = (
  { serviceName, resource }: Pick<TelemetryConfig, "serviceName" | "resource">,
  instance: string,
): Attributes => ({
  "service.version": VERSION,
  "service.instance.id": instance,
  ...resource,
  "service.name": serviceName,
});

/** The same, with the runtime. */
export const resourceOf = ({ telemetry }: Config, { name }: Platform, instance: string): Attributes => ({
  "process.runtime.name": name,
  ...serviceResource(telemetry, instance),
});
