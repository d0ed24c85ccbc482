/** A platform whose exchanges, attempts and events are counted, logged, traced, and sent to a collector. */
import type { Config } from "./config/types.ts";
import type { Platform } from "./core/platform.ts";
import { metered } from "./metering.ts";
import { ownResource } from "./observation.ts";
import type { Attributes } from "./observe/attributes.ts";
import type { Journal } from "./observe/journal.ts";
import type { ProxyMetrics } from "./observe/proxy-metrics.ts";
import { type Observed, observing } from "./observing.ts";
import { type RecordReporter, recordReporter } from "./record-reporter.ts";
import type { Upkeep } from "./upkeep.ts";
import type { RegistryDraft } from "./upstream/registry.ts";

export interface ObservedParts {
  /** Counts what happens. @default nothing does */
  readonly metrics?: ProxyMetrics | undefined;
  /** Resource attributes of spans and log records. @default those of the config, with a new instance id */
  readonly resource?: (() => Attributes) | undefined;
  /** Keeps the last failures for those who watch. @default nobody watches */
  readonly journal?: Journal | undefined;
}

/** The gateway that is observed. */
export interface ObservedGateway {
  /** Keeps what waits for a collector over changes of the config. */
  readonly registry: Pick<RegistryDraft, "shared">;
  readonly upkeep: Upkeep;
  /** Called when the gateway takes effect. */
  readonly effects: (() => void)[];
}

/**
 * Pushes are part of `upkeep`.
 *
 * @throws ConfigError where a log file can't be opened.
 */
export const observedPlatform = (
  config: Config,
  given: Platform,
  { metrics, resource = ownResource(config, given), journal }: ObservedParts,
  { registry, upkeep, effects }: ObservedGateway,
): Observed => {
  const counted = metrics === undefined ? given : metered(given, metrics);
  const reporter = registry.shared(
    "records",
    [config.telemetry, config.log.otlp, metrics !== undefined],
    (): RecordReporter | undefined => recordReporter(config, counted, { metrics, resource }),
  );
  const observed = observing(config, counted, { ...reporter, journal }, effects);
  if (reporter !== undefined) {
    effects.push(() => {
      reporter.emit = (event) => void observed.events.emit(event);
    });
    upkeep.add(reporter);
  }
  return observed;
};
