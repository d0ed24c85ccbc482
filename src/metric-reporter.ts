/** Pushes a gateway's metrics where the config names a collector. The code for it is loaded when it starts. */
import type { Config } from "./config/types.ts";
import type { Platform } from "./core/platform.ts";
import type { MetricPush } from "./metric-push.ts";
import { intervalOf, pushUrl } from "./observation.ts";
import type { Attributes } from "./observe/attributes.ts";
import type { LogEvent } from "./observe/event-log.ts";
import type { ProxyMetrics } from "./observe/proxy-metrics.ts";
import { answerUnreadable } from "./telemetry-events.ts";
import type { UpkeepTask } from "./upkeep.ts";

/** A task of a gateway's upkeep. */
export interface MetricReporter extends UpkeepTask {
  runDue(): Promise<void>;
  /** Sends what is left, within `ms` milliseconds. */
  flush(ms: number): Promise<void>;
}

export interface ReporterParts {
  readonly metrics: ProxyMetrics;
  /** Called when something is sent: a Worker has no random values before its first request. */
  readonly resource: () => Attributes;
  /** Writes what goes wrong into the log. @default nothing is written */
  readonly emit?: ((event: LogEvent) => void) | undefined;
  /** Another push has sent what was counted so far. @default false */
  readonly isContinued?: boolean | undefined;
}

/** Undefined where nothing is pushed, or the platform has no way to. */
export const metricReporter = (
  config: Config,
  platform: Platform,
  { metrics, resource, isContinued, emit }: ReporterParts,
): MetricReporter | undefined => {
  const url = pushUrl(config);
  const { clock, random, capabilities, post: send } = platform;
  if (url === undefined || send === undefined) return undefined;
  const isBackground = capabilities.has("background");
  const { metrics: settings, otlp } = config.telemetry;
  const chosen = settings === false ? undefined : settings.temporality;
  const load = async (): Promise<MetricPush> => {
    const { MetricPush: Push } = await import("./metric-push.ts");
    return new Push({
      metrics,
      resource: resource(),
      url,
      otlp,
      intervalMs: intervalOf(otlp, isBackground),
      // Isolates are short-lived, and each has counts of its own only.
      temporality: isBackground ? (chosen ?? "cumulative") : "delta",
      clock,
      random,
      send,
      isBackground,
      isContinued,
      unreadable: emit && (() => emit(answerUnreadable("metrics"))),
    });
  };
  let loaded: Promise<MetricPush> | undefined;
  const push = (): Promise<MetricPush> => (loaded ??= load());
  return {
    start: () => void push().then((made) => made.start()),
    stop: () => void loaded?.then((made) => made.stop()),
    runDue: async () => (await push()).runDue(),
    flush: async (ms) => (await push()).flush(ms),
  };
};
