/** Pushes metrics to an OpenTelemetry collector: collected at intervals, encoded, queued, sent. */
import { JsonMetricsSerializer, ProtobufMetricsSerializer } from "@opentelemetry/otlp-transformer";
import { type CollectorQueueOptions, collectorQueue, observeQueue } from "./collector-queue.ts";
import type { Cancel } from "./core/platform.ts";
import type { Attributes } from "./observe/attributes.ts";
import { metricProducer } from "./observe/metric-producer.ts";
import type { ProxyMetrics } from "./observe/proxy-metrics.ts";
import { rejectedReader } from "./otlp/collector-answer.ts";
import type { ExportQueue } from "./otlp/export-queue.ts";
import type { UpkeepTask } from "./upkeep.ts";
import { VERSION } from "./version.ts";

/** Where timers stop between requests (`isBackground` is false), `runDue` is called with each request. */
export interface MetricPushOptions extends Omit<CollectorQueueOptions, "rejectedIn"> {
  readonly metrics: ProxyMetrics;
  readonly resource: Attributes;
  readonly intervalMs: number;
  readonly temporality: "cumulative" | "delta";
  /** Another push has sent what was counted so far: deltas begin now. @default false */
  readonly isContinued?: boolean | undefined;
}

/** A push that has not ended by then was stopped together with its request, as Workers do. */
const LOST_AFTER_MS = 60_000;
/** Work after a response may take half a minute on Workers, the request to the collector included. */
const LONGEST_WAIT_MS = 20_000;

const MOST_RETRIES = 3;
const LONGEST_RETRY_MS = 2_000;

/** Metrics of one process or isolate, on their way to one collector. */
export class MetricPush implements UpkeepTask {
  readonly #options: MetricPushOptions;
  readonly #queue: ExportQueue;
  readonly #collect: () => Promise<void>;
  #cancelTimer: Cancel | undefined;
  #pushedAt: number | undefined;
  #pendingSince: number | undefined;

  constructor(options: MetricPushOptions) {
    const { metrics, otlp, clock } = options;
    this.#options = options;
    const isJson = otlp.protocol === "http/json";
    const serializer = isJson ? JsonMetricsSerializer : ProtobufMetricsSerializer;
    this.#queue = collectorQueue({
      ...options,
      rejectedIn: rejectedReader(isJson, ProtobufMetricsSerializer, "rejectedDataPoints"),
    });
    const producer = metricProducer({
      registry: metrics.registry,
      temporality: options.temporality,
      startedAt: () => metrics.startedAt(),
      epoch: () => clock.epoch(),
      resource: options.resource,
      version: VERSION,
    });
    if (options.isContinued === true) void producer.collect();
    this.#collect = async () => {
      const { resourceMetrics } = await producer.collect();
      const found = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
      const items = found.reduce((all, { dataPoints }) => all + dataPoints.length, 0);
      const body = items === 0 ? undefined : serializer.serializeRequest(resourceMetrics);
      if (body !== undefined) this.#queue.push({ body: new Uint8Array(body), items });
    };
    observeQueue(metrics.registry, "metrics", this.#queue);
  }

  /** Pushes at each interval from now on. */
  start(): void {
    const { clock, intervalMs } = this.#options;
    this.#cancelTimer = clock.after(intervalMs, () => {
      this.start();
      void this.push();
    });
  }

  stop(): void {
    this.#cancelTimer?.();
  }

  /** Collects and sends now. */
  async push(): Promise<void> {
    this.#pushedAt = this.#options.clock.now();
    await this.#collect();
    await this.#queue.send();
  }

  /** Sends what was counted since the last push, within `ms` milliseconds; what can't be sent is lost. */
  async flush(ms: number): Promise<void> {
    const { clock } = this.#options;
    const endsAt = clock.now() + ms;
    this.stop();
    await this.#collect();
    await this.#queue.flush(endsAt - clock.now());
  }

  /** Tries a few times, soon. What still waits then is sent with the next push. */
  async #retry(): Promise<void> {
    for (let tries = 0; tries < MOST_RETRIES; tries += 1) {
      const waitMs = this.#queue.retryInMs();
      if (waitMs === undefined || waitMs > LONGEST_RETRY_MS) return;
      await this.#wait(waitMs);
      await this.#queue.send();
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#options.clock.after(ms, resolve));
  }

  /** For runtimes without timers between requests: waits for the end of the interval, and pushes. One call at a time does so. */
  async runDue(): Promise<void> {
    const { clock, intervalMs } = this.#options;
    const now = clock.now();
    if (this.#pendingSince !== undefined && now - this.#pendingSince < LOST_AFTER_MS) return;
    this.#pushedAt ??= now;
    const waitMs = this.#pushedAt + intervalMs - now;
    if (waitMs > LONGEST_WAIT_MS) return;
    this.#pendingSince = now;
    try {
      if (waitMs > 0) await this.#wait(waitMs);
      await this.push();
      await this.#retry();
    } finally {
      this.#pendingSince = undefined;
    }
  }
}
