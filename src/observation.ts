/** Whether a config asks for metrics, where they are pushed, and which resource they belong to. */
import type { Config, OtlpConfig, TelemetryConfig } from "./config/types.ts";
import type { Platform } from "./core/platform.ts";
import type { Attributes } from "./observe/attributes.ts";
import type { MetricOptions } from "./observe/metric-registry.ts";
import { ProxyMetrics } from "./observe/proxy-metrics.ts";
import { VERSION } from "./version.ts";

/** Whether a config has metrics that something reads. */
export const isMeasured = (config: Config): boolean => {
  const { port, socket, path } = config.admin;
  return (
    config.telemetry.metrics !== false &&
    (port !== undefined || socket !== undefined || path !== undefined || pushUrl(config) !== undefined)
  );
};

/** The metrics of a process, thread or isolate; undefined where nothing would read them, or the config has none. */
export const createMetrics = (
  config: Config,
  { clock, capabilities }: Platform,
  shared: Pick<MetricOptions, "memory" | "everywhere"> = {},
): ProxyMetrics | undefined => {
  const { metrics } = config.telemetry;
  if (metrics === false || !isMeasured(config)) return undefined;
  const { maxSeries, durationBounds } = metrics;
  return new ProxyMetrics({
    ...shared,
    epoch: () => clock.epoch(),
    maxSeries,
    durationBounds,
    seesEnds: capabilities.has("background"),
  });
};

/** Where metrics are pushed; undefined where they are not. */
export const pushUrl = ({ telemetry: { metrics, otlp } }: Config): string | undefined =>
  metrics === false ? undefined : signalUrl(metrics.url, otlp, "metrics");

/**
 * Where a collector takes telemetry of one kind; undefined for nowhere.
 *
 * @param own URL of this kind, which overrules the common endpoint; false for nowhere.
 */
export const signalUrl = (
  own: string | false | undefined,
  { endpoint }: Pick<OtlpConfig, "endpoint">,
  signal: "metrics" | "traces" | "logs",
): string | undefined =>
  own === false ? undefined : (own ?? (endpoint && `${endpoint.replace(/\/+$/, "")}/v1/${signal}`));

const MINUTE_MS = 60_000;
/** After a response a Worker may go on for half a minute. */
const WORKER_INTERVAL_MS = 15_000;

/** @param isBackground whether timers go on between requests. */
export const intervalOf = ({ intervalMs }: Pick<OtlpConfig, "intervalMs">, isBackground: boolean): number =>
  intervalMs ?? (isBackground ? MINUTE_MS : WORKER_INTERVAL_MS);

/** Attributes of everything that is reported. `instance` tells processes of one service apart. */
export const serviceResource = (
  { serviceName, resource }: Pick<TelemetryConfig, "serviceName" | "resource">,
  instance: string,
): Attributes => ({
  "service.name": "fairlead",
  "service.version": VERSION,
  "service.instance.id": instance,
  ...resource,
  ...(serviceName !== undefined && { "service.name": serviceName }),
});

/**
 * The same for a gateway, with the runtime's name and a new instance id. Made at the first call: a Worker has no random values
 * before its first request.
 */
export const ownResource = ({ telemetry }: Config, { name, random }: Platform): (() => Attributes) => {
  let made: Attributes | undefined;
  return () => (made ??= { "process.runtime.name": name, ...serviceResource(telemetry, random.id()) });
};
