/** Pushes a gateway's spans and log records where the config names a collector. Its code is loaded with the first of them. */
import type { Config } from "./config/types.ts";
import type { Platform } from "./core/platform.ts";
import type { SendPost } from "./core/post.ts";
import { signalUrl } from "./observation.ts";
import type { Attributes } from "./observe/attributes.ts";
import type { LogEvent } from "./observe/event-log.ts";
import type { LogRecord } from "./observe/log-record.ts";
import type { ProxyMetrics } from "./observe/proxy-metrics.ts";
import type { Span } from "./observe/span.ts";
import type { EncodingOptions, RecordEncoding } from "./otlp-records.ts";
import { type RecordExport, RecordPush } from "./record-push.ts";
import { answerUnreadable, itemsLost } from "./telemetry-events.ts";
import type { UpkeepTask } from "./upkeep.ts";
import { VERSION } from "./version.ts";

/** Take spans and log records. */
export interface RecordSinks {
  readonly span?: ((span: Span) => void) | undefined;
  readonly log?: ((record: LogRecord) => void) | undefined;
}

/** A task of a gateway's upkeep. */
export interface RecordReporter extends UpkeepTask, RecordSinks {
  /** Writes what goes wrong into the log. */
  emit: ((event: LogEvent) => void) | undefined;
  runDue(): Promise<void>;
  /** Sends what is left, within `ms` milliseconds; what can't be sent is lost. */
  flush(ms: number): Promise<void>;
}

export interface RecordReporterParts {
  /** Counts what is sent and lost. */
  readonly metrics: ProxyMetrics | undefined;
  /** Resource attributes. Called when something is sent: a Worker has no random values before its first request. */
  readonly resource: () => Attributes;
}

/** Undefined where nothing is pushed, or the platform has no way to. */
export const recordReporter = (
  config: Pick<Config, "log" | "telemetry">,
  platform: Platform,
  parts: RecordReporterParts,
): RecordReporter | undefined => {
  const { traces, otlp } = config.telemetry;
  const { post } = platform;
  if (post === undefined) return undefined;
  const signals = { config, platform, parts, post, emit: (event: LogEvent) => reporter.emit?.(event) };
  const spans = pushOf<Span>(traces && signalUrl(traces.url, otlp, "traces"), {
    ...signals,
    name: "traces",
    encoding: async (options) => (await import("./otlp-records.ts")).spanEncoding(options),
  });
  const logsTo = config.log.otlp === true ? undefined : config.log.otlp;
  const logs = pushOf<LogRecord>(signalUrl(logsTo, otlp, "logs"), {
    ...signals,
    name: "logs",
    encoding: async (options) => (await import("./otlp-records.ts")).logEncoding(options),
  });
  if (spans === undefined && logs === undefined) return undefined;
  const reporter: RecordReporter = {
    emit: undefined,
    span: spans && ((span) => spans.add(span)),
    log: logs && ((record) => logs.add(record)),
    start() {},
    stop() {},
    async runDue() {
      await Promise.all([spans?.runDue(), logs?.runDue()]);
    },
    async flush(ms) {
      await Promise.all([spans?.flush(ms), logs?.flush(ms)]);
    },
  };
  return reporter;
};

interface Signal<Item> {
  readonly name: string;
  readonly encoding: (options: EncodingOptions) => Promise<RecordEncoding<Item>>;
  readonly config: Pick<Config, "telemetry">;
  readonly platform: Platform;
  readonly parts: RecordReporterParts;
  readonly post: SendPost;
  readonly emit: (event: LogEvent) => void;
}

const pushOf = <Item>(url: string | undefined, signal: Signal<Item>): RecordPush<Item> | undefined => {
  if (url === undefined) return undefined;
  const { clock, capabilities } = signal.platform;
  const push: RecordPush<Item> = new RecordPush<Item>({
    lost: (items) => signal.emit(itemsLost(signal.name, items)),
    load: () => exportTo(url, signal, () => push.notKept),
    clock,
    isBackground: capabilities.has("background"),
  });
  return push;
};

const exportTo = async <Item>(
  url: string,
  { name, encoding, config, platform, parts, post: send, emit }: Signal<Item>,
  notKept: () => number,
): Promise<RecordExport<Item>> => {
  const { collectorQueue, observeQueue } = await import("./collector-queue.ts");
  const { otlp } = config.telemetry;
  const { clock, random, capabilities } = platform;
  const made = await encoding({ protocol: otlp.protocol, resource: parts.resource(), version: VERSION });
  const queue = collectorQueue({
    url,
    otlp,
    clock,
    random,
    send,
    isBackground: capabilities.has("background"),
    rejectedIn: (answer) => made.rejectedIn(answer),
    unreadable: () => emit(answerUnreadable(name)),
  });
  if (parts.metrics !== undefined) observeQueue(parts.metrics.registry, name, queue, notKept);
  return { encoding: made, queue };
};
