/** What observes the exchanges of a gateway: whoever built the platform, and the logs that the config asks for. */
import { ConfigError } from "./config/config-error.ts";
import type { ConfigPath } from "./config/problem.ts";
import type { AccessLogConfig, Config, LogConfig } from "./config/types.ts";
import type { LinesLost, LogOutput, LogOutputs } from "./core/log-output.ts";
import type { Platform } from "./core/platform.ts";
import type { ExchangeReport, Telemetry, UpstreamEvent } from "./core/telemetry.ts";
import { type AccessFormat, accessLine } from "./observe/access-line.ts";
import { accessLog } from "./observe/access-log.ts";
import { EventLog } from "./observe/event-log.ts";
import { redaction } from "./observe/redaction.ts";
import { type Tracing, tracing } from "./tracing.ts";
import { upstreamLog } from "./observe/upstream-log.ts";

export interface Observed {
  /** The platform, whose telemetry now feeds the logs too. */
  readonly platform: Platform;
  readonly events: EventLog;
  /** Undefined where there are no traces. */
  readonly tracing: Tracing | undefined;
}

/** @throws ConfigError where a log file can't be opened. */
export const observing = (config: Pick<Config, "log" | "telemetry">, platform: Platform): Observed => {
  const { traces } = config.telemetry;
  const logged = logging(config, platform);
  return { ...logged, tracing: traces && tracing(traces, platform) };
};

const logging = (config: Pick<Config, "log">, platform: Platform): Omit<Observed, "tracing"> => {
  const { logs } = platform;
  if (logs === undefined) return { platform, events: SILENT };
  const events = openEvents(config.log, platform, logs);
  const exchange = openAccess(config.log, { platform, logs, events });
  const upstream =
    platform.telemetry.replacesUpstreamLines === true ? undefined : upstreamLog(events, platform.clock);
  return { events, platform: { ...platform, telemetry: joined(platform.telemetry, exchange, upstream) } };
};

const NOWHERE: LogOutput = { isTerminal: false, write: () => true };
const SILENT: EventLog = new EventLog({
  output: NOWHERE,
  format: "json",
  level: "off",
  levels: {},
  clock: { epoch: () => 0 },
});

const openEvents = (log: LogConfig, { clock }: Platform, logs: LogOutputs): EventLog => {
  const output = open(logs, log, ["log", "output"], (lines, why) => lostLines(events, lines, why));
  const { level, levels } = log;
  const events = new EventLog({ output, format: formatFor(log.format, output), level, levels, clock });
  return events;
};

const lostLines = (events: EventLog, lines: number, why: string): boolean =>
  events.emit({
    category: "log",
    level: "error",
    message: `${lines} ${lines === 1 ? "line" : "lines"} of the log were lost: ${why}`,
    facts: { lines },
  });

interface AccessParts {
  readonly platform: Platform;
  readonly logs: LogOutputs;
  readonly events: EventLog;
}

const openAccess = (
  log: LogConfig,
  { platform, logs, events }: AccessParts,
): ((report: ExchangeReport) => void) | undefined => {
  const { access } = log;
  const { requests, sample, headers } = access;
  const isReplaced = requests === "failed" && platform.telemetry.replacesFailureLines === true;
  if (requests === "none" || isReplaced) return undefined;
  const output = open(
    logs,
    { output: access.output ?? log.output, rotate: log.rotate },
    access.output === undefined ? ["log", "output"] : ["log", "access", "output"],
    (lines, why) => lostLines(events, lines, why),
  );
  const format = formatFor(access.format, output);
  return accessLog({
    requests,
    line: accessLine({ format, redaction: redaction(log.redact), headers }),
    output,
    sample,
    perSecond: perSecondOf(access),
    clock: platform.clock,
    random: platform.random,
    leftOut: (lines) =>
      void events.emit({
        category: "log",
        level: "warning",
        message: `${lines} more ${lines === 1 ? "request is" : "requests are"} not shown (log.access.perSecond)`,
        facts: { lines },
      }),
  });
};

/** When an upstream is down, all requests fail: their lines must not fill a disk. */
const FAILURES_PER_SECOND = 20;

const perSecondOf = ({ perSecond, requests }: AccessLogConfig): number =>
  perSecond ?? (requests === "failed" ? FAILURES_PER_SECOND : Number.POSITIVE_INFINITY);

const formatFor = <Format extends AccessFormat>(
  format: Format | "auto",
  { isTerminal }: LogOutput,
): Format | "json" | "text" => (format === "auto" ? (isTerminal ? "text" : "json") : format);

const open = (
  logs: LogOutputs,
  { output, rotate }: Pick<LogConfig, "output" | "rotate">,
  path: ConfigPath,
  lost: LinesLost,
): LogOutput => {
  try {
    return logs.open({ to: output, rotate }, lost);
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    throw new ConfigError([{ path, at: "value", message }]);
  }
};

const joined = (
  given: Telemetry,
  exchange: ((report: ExchangeReport) => void) | undefined,
  upstream: ((event: UpstreamEvent) => void) | undefined,
): Telemetry => ({
  ...given,
  ...(exchange && { exchangeEnded: both(given.exchangeEnded?.bind(given), exchange) }),
  ...(upstream && { upstreamEvent: both(given.upstreamEvent?.bind(given), upstream) }),
});

/** One observer's failure is not the other's. */
const both = <Value>(
  first: ((value: Value) => void) | undefined,
  second: (value: Value) => void,
): ((value: Value) => void) =>
  first === undefined
    ? second
    : (value) => {
        try {
          first(value);
        } finally {
          second(value);
        }
      };
