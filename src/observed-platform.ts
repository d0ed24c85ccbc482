/** A platform whose exchanges, attempts and events are counted, logged and traced, and the collector told of it. */
import type { Config } from "./config/types.ts";
import type { Platform } from "./core/platform.ts";
import { metered } from "./metering.ts";
import { resourceOf } from "./observation.ts";
import type { Attributes } from "./observe/attributes.ts";
import type { EventLog } from "./observe/event-log.ts";
import type { ProxyMetrics } from "./observe/proxy-metrics.ts";
import { type Observed, observing } from "./observing.ts";
import { recordReporter } from "./record-reporter.ts";
import type { Upkeep } from "./upkeep.ts";

export interface ObservedParts {
  /** Counts what happens. @default nothing does */
  readonly metrics?: ProxyMetrics | undefined;
  /** Who reports spans and log records. @default as the config says, with an id of its own */
  readonly resource?: (() => Attributes) | undefined;
}

/**
 * Pushes are part of `upkeep`.
 *
 * @throws ConfigError where a log file can't be opened.
 */
export const observedPlatform = (
  config: Config,
  given: Platform,
  { metrics, resource = ownResource(config, given) }: ObservedParts,
  upkeep: Upkeep,
): Observed => {
  const counted = metrics === undefined ? given : metered(given, metrics);
  const reporter = recordReporter(config, counted, { metrics, resource });
  const observed = observing(config, counted, reporter);
  if (reporter !== undefined) {
    reporter.onLost = (signal, items) => reportLoss(observed.events, signal, items);
    upkeep.add(reporter);
  }
  return observed;
};

/** Made with the first thing that is reported: there are no random values before a Worker's first request. */
const ownResource = (config: Config, platform: Platform): (() => Attributes) => {
  let made: Attributes | undefined;
  return () => (made ??= resourceOf(config, platform, platform.random.id()));
};

const reportLoss = (events: EventLog, signal: string, items: number): void => {
  const message = `${items} items of telemetry (${signal}) were lost: the collector did not take them`;
  events.emit({ category: "telemetry", level: "warning", message, facts: { signal, items } });
};
