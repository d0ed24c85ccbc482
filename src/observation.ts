/** What a config says of metrics, put to work. */
import type { Config } from "./config/types.ts";
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
export const pushUrl = ({ telemetry: { metrics, otlp } }: Config): string | undefined => {
  if (metrics === false) return undefined;
  if (metrics.url !== undefined) return metrics.url;
  return otlp.endpoint && `${otlp.endpoint.replace(/\/+$/, "")}/v1/metrics`;
};

/** Who reports. `instance` tells processes of one service apart. */
export const resourceOf = (
  { telemetry: { serviceName, resource } }: Config,
  { name }: Platform,
  instance: string,
): Attributes => ({
  "service.version": VERSION,
  "service.instance.id": instance,
  "process.runtime.name": name,
  ...resource,
  "service.name": serviceName,
});
