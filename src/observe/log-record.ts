/** Lines of logs as records, for collectors. */
import type { Clock } from "../core/platform.ts";
import type { ExchangeReport } from "../core/telemetry.ts";
import { type AccessLineOptions, levelOf, requestFacts } from "./access-line.ts";
import type { Attributes } from "./attributes.ts";
import type { LogEvent, LogLevel } from "./event-log.ts";
import type { Fact, FactWriter } from "./line-writer.ts";

/** A line as data. */
export interface LogRecord {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly level: LogLevel;
  /** Category of an event, or `request`. */
  readonly event: string;
  readonly message: string;
  readonly attributes: Attributes;
  /** Of the request; undefined for events, and where there are no traces. */
  readonly trace:
    | { readonly traceId: string; readonly spanId: string; readonly isSampled: boolean }
    | undefined;
}

/** A request that ended at `epoch`. The attributes have the names of a line's facts. */
export const requestRecord = (
  options: Omit<AccessLineOptions, "format">,
): ((report: ExchangeReport, epoch: number) => LogRecord) => {
  const putFacts = requestFacts(options);
  return (report, epoch) => {
    const facts = new AttributeWriter();
    putFacts(facts, report);
    const { attributes } = facts;
    return {
      at: epoch,
      level: levelOf(report),
      event: "request",
      message: `${report.status} ${report.method} ${String(attributes["target"])}`,
      attributes,
      trace: report.trace,
    };
  };
};

export const eventRecord = (
  { category, level, message, facts = {} }: LogEvent,
  clock: Pick<Clock, "epoch">,
): LogRecord => {
  const attributes: Attributes = {};
  for (const [key, value] of Object.entries(facts)) if (value !== undefined) attributes[key] = value;
  return { at: clock.epoch(), level, event: category, message, attributes, trace: undefined };
};

class AttributeWriter implements FactWriter {
  readonly attributes: Attributes = {};

  text({ name }: Fact, value: string | undefined): void {
    if (value !== undefined) this.attributes[name] = value;
  }

  number({ name }: Fact, value: number | undefined): void {
    if (value !== undefined) this.attributes[name] = value;
  }

  duration({ name }: Fact, ms: number): void {
    this.attributes[name] = Math.round(ms * 100) / 100;
  }
}
