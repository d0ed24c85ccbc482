/** Metrics of a server and its process, and their push to a collector. */
import { isDeepStrictEqual } from "node:util";
import { ConfigError } from "../../src/config/config-error.ts";
import { problemAt } from "../../src/config/problem.ts";
import type { Config } from "../../src/config/types.ts";
import type { Platform } from "../../src/core/platform.ts";
import { transportMetrics } from "../../src/metering.ts";
import { type MetricReporter, type ReporterParts, metricReporter } from "../../src/metric-reporter.ts";
import { createMetrics, isMeasured, ownResource } from "../../src/observation.ts";
import type { Attributes } from "../../src/observe/attributes.ts";
import type { LogEvent } from "../../src/observe/event-log.ts";
import type { MetricRegistry } from "../../src/observe/metric-registry.ts";
import type { ProxyMetrics } from "../../src/observe/proxy-metrics.ts";
import { TrafficMeter } from "../../src/observe/traffic.ts";
import { STATE_INSTRUMENTS } from "../../src/observe/state-instruments.ts";
import type { ServedCertificate } from "../served-certificates.ts";
import type { ConfigHistory } from "./config-history.ts";
import type { ServerCounts } from "./server/open-entrance.ts";
import type { ThreadPart } from "./thread-part.ts";

/** What a config measures. */
export interface ServerObservation {
  /** Undefined where nothing reads them. */
  readonly metrics: ProxyMetrics | undefined;
  readonly resource: () => Attributes;
}

/** What a config is going to measure, from `takeEffect` on. */
export interface PreparedObservation extends ServerObservation {
  takeEffect(): void;
}

/** Time for the last push to a collector that a new config replaces. */
const FLUSH_MS = 2_000;

interface ObserverParts {
  readonly certificates: () => readonly ServedCertificate[];
  /** Writes an event into the log. */
  readonly emit: (event: LogEvent) => void;
  readonly part?: ThreadPart | undefined;
}

/** Counts from the first config on that wants metrics, over all later ones. */
export class ServerObserver {
  readonly counts: ServerCounts = { open: 0, accepted: 0, refused: 0 };
  readonly #platform: Platform;
  readonly #history: ConfigHistory;
  readonly #certificates: () => readonly ServedCertificate[];
  readonly #emit: ObserverParts["emit"];
  readonly #part: ThreadPart;
  readonly #instance: () => string;
  #metrics: ProxyMetrics | undefined;
  /** The config that the metrics were made for. */
  #measured: Config | undefined;
  #traffic: { readonly metrics: ProxyMetrics; readonly meter: TrafficMeter } | undefined;
  #endProcess: (() => void) | undefined;
  #telemetry: Config["telemetry"] | undefined;
  #reporter: MetricReporter | undefined;

  constructor(platform: Platform, history: ConfigHistory, { certificates, emit, part }: ObserverParts) {
    this.#platform = platform;
    this.#history = history;
    this.#certificates = certificates;
    this.#emit = emit;
    this.#part = part;
    let instance = part?.role === "serving" ? part.instance : undefined;
    this.#instance = () => (instance ??= platform.random.id());
  }

  /**
   * Measures nothing where nothing reads metrics.
   *
   * @throws ConfigError where the series of metrics would have to be others.
   */
  async prepare(config: Config): Promise<PreparedObservation> {
    const platform = this.#platform;
    const part = this.#part;
    const isMain = part?.role !== "serving";
    const resource = ownResource(config, { ...platform, random: { ...platform.random, id: this.#instance } });
    const shared = part && { memory: part.memory, everywhere: part.observedEverywhere };
    const metrics = isMeasured(config)
      ? (this.#metrics ?? createMetrics(config, platform, shared))
      : undefined;
    if (metrics === undefined) return { metrics, resource, takeEffect: () => this.#push(config, undefined) };
    if (this.#measured !== undefined) refuseOtherSeries(this.#measured, config);
    const { processMetrics } = await import("./process-metrics.ts");
    return {
      metrics,
      resource,
      takeEffect: () => {
        if (this.#metrics === undefined) {
          this.#metrics = metrics;
          this.#measured = config;
          this.#endProcess = processMetrics(metrics.registry, isMain);
          transportMetrics(metrics, platform.transport);
          observeConnections(metrics.registry, this.counts);
          if (isMain) {
            observeConfigs(metrics.registry, this.#history);
            observeCertificates(metrics.registry, this.#certificates);
          }
        }
        this.#push(config, { metrics, resource, emit: this.#emit });
      },
    };
  }

  /** Tells processes of one service apart. The same for all configs and threads. */
  get instance(): string {
    return this.#instance();
  }

  /** Counts of requests, from `metrics`. */
  traffic(metrics: ProxyMetrics): TrafficMeter {
    if (this.#traffic?.metrics !== metrics) this.#traffic = { metrics, meter: new TrafficMeter(metrics) };
    return this.#traffic.meter;
  }

  /** Undefined until a config measures something. */
  get currentMetrics(): ProxyMetrics | undefined {
    return this.#metrics;
  }

  /** The same of the config in effect; undefined where it measures nothing. */
  get currentTraffic(): TrafficMeter | undefined {
    return this.#metrics && this.traffic(this.#metrics);
  }

  /** Stops measuring and pushes what is left, within `ms` milliseconds. */
  async close(ms: number): Promise<void> {
    this.#endProcess?.();
    await this.#reporter?.flush(ms);
  }

  /** Pushes as `config` says. What pushes already goes on where its settings are the same. */
  #push(config: Config, wanted: ReporterParts | undefined): void {
    const { telemetry } = config;
    // The main thread pushes what all of them count.
    const parts = this.#part?.role === "serving" ? undefined : wanted;
    if (
      isDeepStrictEqual(telemetry, this.#telemetry) &&
      (parts === undefined) === (this.#reporter === undefined)
    )
      return;
    const before = this.#reporter;
    this.#telemetry = telemetry;
    this.#reporter =
      parts && metricReporter(config, this.#platform, { ...parts, isContinued: before !== undefined });
    before?.stop();
    void before?.flush(FLUSH_MS);
    this.#reporter?.start();
  }
}

/** Series are laid out once. */
const FIXED = ["durationBounds", "maxSeries"] as const;

const refuseOtherSeries = (before: Config, after: Config): void => {
  const [made, wanted] = [before.telemetry.metrics, after.telemetry.metrics];
  if (made === false || wanted === false) return;
  const problems = FIXED.filter((name) => !isDeepStrictEqual(made[name], wanted[name])).map((name) =>
    problemAt(["telemetry", "metrics", name], "can't change while the proxy runs: restart it for that"),
  );
  if (problems.length > 0) throw new ConfigError(problems);
};

const observeConnections = (registry: MetricRegistry, counts: ServerCounts): void => {
  const { accepted, serverConnections, turnedAway } = STATE_INSTRUMENTS;
  registry.observe((observe) => {
    observe(serverConnections, [], counts.open);
    observe(accepted, [], counts.accepted);
    observe(turnedAway, [], counts.refused);
  });
};

const observeConfigs = (registry: MetricRegistry, history: ConfigHistory): void => {
  const { applied, generation, refusedConfigs, reloaded } = STATE_INSTRUMENTS;
  registry.observe((observe) => {
    observe(generation, [], history.generation);
    observe(applied, [], history.appliedAt / SECOND_MS);
    observe(refusedConfigs, [], history.refused);
    observe(reloaded, [], history.lastError === undefined ? 1 : 0);
  });
};

const observeCertificates = (
  registry: MetricRegistry,
  certificates: () => readonly ServedCertificate[],
): void => {
  registry.observe((observe) => {
    const soonest = new Map<string, ServedCertificate>();
    for (const each of certificates()) {
      const key = `${each.listener} ${each.name}`;
      if ((soonest.get(key)?.expiresAt ?? Number.POSITIVE_INFINITY) > each.expiresAt) soonest.set(key, each);
    }
    for (const { listener, name, expiresAt } of soonest.values()) {
      observe(STATE_INSTRUMENTS.certificateEnd, [listener, name], expiresAt / SECOND_MS);
    }
  });
};

const SECOND_MS = 1_000;
