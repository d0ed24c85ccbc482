/** The queue of one kind of telemetry on its way to a collector. Loaded when there is something to send. */
import type { OtlpConfig } from "./config/types.ts";
import type { Clock, Random } from "./core/platform.ts";
import type { SendPost } from "./core/post.ts";
import type { MetricRegistry } from "./observe/metric-registry.ts";
import { EXPORT_INSTRUMENTS } from "./observe/process-instruments.ts";
import { ExportQueue, type ExportQueueOptions } from "./otlp/export-queue.ts";

export interface CollectorQueueOptions extends Pick<ExportQueueOptions, "rejectedIn" | "unreadable"> {
  readonly url: string;
  readonly otlp: Pick<OtlpConfig, "headers" | "protocol" | "queueBytes" | "timeoutMs">;
  readonly clock: Clock;
  readonly random: Random;
  readonly send: SendPost;
  /** Whether timers go on between requests. */
  readonly isBackground: boolean;
}

const CONTENT_TYPES = { "http/protobuf": "application/x-protobuf", "http/json": "application/json" } as const;

export const collectorQueue = (options: CollectorQueueOptions): ExportQueue => {
  const { url, otlp, clock, random, send, isBackground, rejectedIn, unreadable } = options;
  return new ExportQueue({
    url,
    headers: { ...otlp.headers, "content-type": CONTENT_TYPES[otlp.protocol] },
    timeoutMs: otlp.timeoutMs,
    maxBytes: otlp.queueBytes,
    send,
    clock,
    random,
    rejectedIn,
    unreadable,
    retriesByItself: isBackground,
  });
};

/**
 * Adds the counts of `queue` to each reading.
 *
 * @param signal `metrics`, `traces` or `logs`.
 * @param lostBefore items that were lost before they reached the queue.
 */
export const observeQueue = (
  registry: MetricRegistry,
  signal: string,
  queue: ExportQueue,
  lostBefore: () => number = () => 0,
): void => {
  registry.observe((observe) => {
    const { accepted, refused, failed, lostItems, queuedBytes } = queue.counts;
    observe(EXPORT_INSTRUMENTS.exports, [signal, "accepted"], accepted);
    observe(EXPORT_INSTRUMENTS.exports, [signal, "refused"], refused);
    observe(EXPORT_INSTRUMENTS.exports, [signal, "failed"], failed);
    observe(EXPORT_INSTRUMENTS.lost, [signal], lostItems + lostBefore());
    observe(EXPORT_INSTRUMENTS.queued, [signal], queuedBytes);
  });
};
