/** Adds the logs and traces that the config asks for to a platform's telemetry. */
import { ConfigError } from "./config/config-error.ts";
import type { ConfigPath } from "./config/problem.ts";
import type { AccessLogConfig, Config, LogConfig } from "./config/types.ts";
import type { LogOutput, LogOutputs, LogReports } from "./core/log-output.ts";
import type { Platform } from "./core/platform.ts";
import type { ExchangeReport, Telemetry } from "./core/telemetry.ts";
import { type AccessFormat, accessLine } from "./observe/access-line.ts";
import { accessLog } from "./observe/access-log.ts";
import { EventLog } from "./observe/event-log.ts";
import type { Journal } from "./observe/journal.ts";
import { eventRecord, requestRecord } from "./observe/log-record.ts";
import { type Redaction, redaction } from "./observe/redaction.ts";
import type { RecordSinks } from "./record-reporter.ts";
import { type Tracing, spanRecorder, tracing } from "./tracing.ts";
import { upstreamLog } from "./observe/upstream-log.ts";

export interface Observed {
  /** The platform, whose telemetry now feeds the logs too. */
  readonly platform: Platform;
  readonly events: EventLog;
  /** Undefined where there are no traces. */
  readonly tracing: Tracing | undefined;
}

/**
 * @param effects are called when the config takes effect.
 * @throws ConfigError where a log file can't be opened.
 */
export const observing = (
  config: Pick<Config, "log" | "telemetry">,
  given: Platform,
  { journal, ...records }: RecordSinks & { readonly journal?: Journal | undefined } = {},
  effects: (() => void)[] = [],
): Observed => {
  const { traces } = config.telemetry;
  const shown = redaction(config.log.redact);
  const recorder =
    records.span !== undefined && traces !== undefined ? [spanRecorder(given, shown, records.span)] : [];
  const { events, observers } = logging(config.log, { platform: given, shown, record: records.log, effects });
  const kept = journal === undefined ? [] : [journal.observer(shown, given.clock)];
  const all = [...observers, ...recorder, ...kept];
  const platform = { ...given, telemetry: withObservers(given.telemetry, all) };
  return { platform, events, tracing: traces && tracing(traces, given) };
};

interface LoggingParts {
  readonly platform: Platform;
  readonly shown: Redaction;
  readonly record: RecordSinks["log"];
  readonly effects: (() => void)[];
}

interface Logging {
  readonly events: EventLog;
  readonly observers: readonly Telemetry[];
}

const logging = (log: LogConfig, parts: LoggingParts): Logging => {
  const { logs, telemetry, clock } = parts.platform;
  if (logs === undefined) return { events: silentLog(), observers: [] };
  const events = openEvents(log, parts, logs);
  const exchangeEnded = openAccess(log, { ...parts, logs, events });
  return {
    events,
    observers: [
      ...(exchangeEnded === undefined ? [] : [{ exchangeEnded }]),
      ...(telemetry.replacesUpstreamLines === true ? [] : [{ upstreamEvent: upstreamLog(events, clock) }]),
    ],
  };
};

const NOWHERE: LogOutput = { isTerminal: false, begin: () => undefined, end() {} };

/** For a platform without log outputs. */
const silentLog = (): EventLog =>
  new EventLog({ output: NOWHERE, format: "json", level: "off", levels: {}, clock: { epoch: () => 0 } });

const openEvents = (
  log: LogConfig,
  { platform: { clock }, record, effects }: LoggingParts,
  logs: LogOutputs,
): EventLog => {
  const output = open({ logs, effects, path: ["log", "output"] }, log, () => events);
  const { level, levels } = log;
  const events = new EventLog({
    output,
    format: formatFor(log.format, output),
    level,
    levels,
    clock,
    record: record && ((event) => record(eventRecord(event, clock))),
  });
  return events;
};

const lostLines = (events: EventLog, lines: number, why: string): boolean =>
  events.emit({
    category: "log",
    level: "error",
    message: `${lines} ${lines === 1 ? "line" : "lines"} of the log were lost: ${why}`,
    facts: { lines },
  });

const notRotated = (events: EventLog, output: string, why: string): void =>
  void events.emit({
    category: "log",
    level: "warning",
    message: `the log file ${output} is full but could not be put aside, so it keeps growing: ${why}`,
    facts: { output },
  });

interface AccessParts extends LoggingParts {
  readonly logs: LogOutputs;
  readonly events: EventLog;
}

const openAccess = (
  log: LogConfig,
  { platform, logs, events, shown, record, effects }: AccessParts,
): ((report: ExchangeReport) => void) | undefined => {
  const { access } = log;
  const { requests, sample, headers } = access;
  const isReplaced = requests === "failed" && platform.telemetry.replacesFailureLines === true;
  if (requests === "none" || isReplaced) return undefined;
  const path = access.output === undefined ? ["log", "output"] : ["log", "access", "output"];
  const output = open(
    { logs, effects, path },
    { output: access.output ?? log.output, rotate: log.rotate },
    () => events,
  );
  const format = formatFor(access.format, output);
  const facts = { redaction: shown, headers };
  const recordOf = requestRecord(facts);
  return accessLog({
    requests,
    line: accessLine({ format, ...facts }),
    output,
    record: record && ((report, epoch) => record(recordOf(report, epoch))),
    sample,
    perSecond: perSecondOf(access) / (platform.share?.threads ?? 1),
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

interface Opening {
  readonly logs: LogOutputs;
  readonly effects: (() => void)[];
  /** Of the setting that names the output. */
  readonly path: ConfigPath;
}

const open = (
  { logs, effects, path }: Opening,
  { output, rotate }: Pick<LogConfig, "output" | "rotate">,
  events: () => EventLog,
): LogOutput => {
  const target = { to: output, rotate };
  const reports: LogReports = {
    lost: (lines, why) => lostLines(events(), lines, why),
    notRotated: (why) => notRotated(events(), output, why),
  };
  try {
    const opened = logs.open(target, reports);
    effects.push(() => logs.use(target, reports));
    return opened;
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    throw new ConfigError([{ path, at: "value", message }]);
  }
};

/** The outputs that a config names. */
export const logTargets = ({ log }: Pick<Config, "log">): ReadonlySet<string> =>
  new Set([log.output, log.access.output ?? log.output]);

/** `given`, and after it each of `observers`. */
const withObservers = (given: Telemetry, observers: readonly Telemetry[]): Telemetry =>
  observers.reduce<Telemetry>(
    (first, second) => ({
      ...first,
      ...(second.exchangeEnded && {
        exchangeEnded: both(first.exchangeEnded?.bind(first), second.exchangeEnded.bind(second)),
      }),
      ...(second.attemptEnded && {
        attemptEnded: both(first.attemptEnded?.bind(first), second.attemptEnded.bind(second)),
      }),
      ...(second.upstreamEvent && {
        upstreamEvent: both(first.upstreamEvent?.bind(first), second.upstreamEvent.bind(second)),
      }),
    }),
    given,
  );

/** Calls `second` even if `first` throws. */
const both = <Arguments extends readonly unknown[]>(
  first: ((...given: Arguments) => void) | undefined,
  second: (...given: Arguments) => void,
): ((...given: Arguments) => void) =>
  first === undefined
    ? second
    : (...given) => {
        try {
          first(...given);
        } finally {
          second(...given);
        }
      };
