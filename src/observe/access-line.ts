/** One request as a line. */
import type { AttemptTrace } from "../core/exchange.ts";
import type { ExchangeReport } from "../core/telemetry.ts";
import { firstValue } from "../http/headers.ts";
import { failureCause, isOwnFailure } from "./failure-cause.ts";
import { JsonLine, type LineWriter, PairLine } from "./line-writer.ts";
import type { Redaction } from "./redaction.ts";
import { type Timestamp, commonTimestamps, isoTimestamps } from "./timestamps.ts";
import { commonText } from "./line-text.ts";

export type AccessFormat = "json" | "text" | "common" | "combined";

export interface AccessLineOptions {
  readonly format: AccessFormat;
  readonly redaction: Redaction;
  /** Lower-case names of request fields that structured lines hold too. */
  readonly headers: readonly string[];
}

/** Writes a request that ended at `epoch`, in milliseconds since 1970. */
export type AccessLine = (report: ExchangeReport, epoch: number) => string;

export const accessLine = (options: AccessLineOptions): AccessLine => {
  switch (options.format) {
    case "json":
      return structured(options, isoTimestamps(), (time, level) => new JsonLine(time, level));
    case "text":
      return structured(options, isoTimestamps(), (time, level) => new PairLine(time, level));
    case "common":
    case "combined":
      return common(options, commonTimestamps());
  }
};

const structured = (
  { redaction, headers }: AccessLineOptions,
  timestamp: Timestamp,
  begin: (time: string, level: string) => LineWriter,
): AccessLine => {
  const further = headers.map((name) => ({ name, key: `header.${name}` }));
  return (report, epoch) => {
    const { error, head, host } = report;
    const line = begin(timestamp(epoch), isOwnFailure(error) ? "error" : "info");
    line.text("event", "request");
    line.number("status", report.status);
    line.text("method", report.method);
    line.text("target", redaction.target(report));
    line.number("durationMs", rounded(report.endedAt - report.startedAt));
    line.text("code", error?.code);
    line.text("error", error && failureCause(error));
    line.text("route", report.route);
    line.text("upstream", report.upstream);
    line.text("endpoint", report.endpoint);
    if (report.attempts > 0) line.number("attempts", report.attempts);
    if (report.last?.previous !== undefined) line.text("tried", tried(report.last.previous));
    putPhases(line, report);
    line.number("bytesIn", report.last?.outcome?.bytesSent ?? 0);
    line.number("bytesOut", report.bytesSent);
    line.text("client", report.client);
    line.text("scheme", report.scheme);
    line.text("host", host);
    line.text("protocol", head.version && `HTTP/${head.version}`);
    line.text("userAgent", firstValue(head.fields, "user-agent"));
    const referer = firstValue(head.fields, "referer");
    line.text("referer", referer && redaction.url(referer));
    for (const { name, key } of further) {
      const value = firstValue(head.fields, name);
      line.text(key, value && redaction.header(name, value));
    }
    line.text("requestId", report.requestId);
    line.text("traceId", report.trace?.traceId);
    return line.end();
  };
};

/**
 * What the last attempt took: waiting for it (in a queue, for attempts before it), to connect where the runtime tells, for the
 * head, for the rest.
 */
const putPhases = (line: LineWriter, report: ExchangeReport): void => {
  const times = report.last?.outcome?.times;
  if (times === undefined) return;
  const { startedAt, connectedAt, headAt } = times;
  line.number("queueMs", rounded(startedAt - report.startedAt));
  if (connectedAt !== undefined) line.number("connectMs", rounded(connectedAt - startedAt));
  if (headAt === undefined) return;
  line.number("firstByteMs", rounded(headAt - (connectedAt ?? startedAt)));
  line.number("bodyMs", rounded(report.endedAt - headAt));
};

/** The attempts before the last one, oldest first: `http://10.0.0.1:3000 connect-failed 3.1ms`. */
const tried = (last: AttemptTrace): string => {
  const attempts: string[] = [];
  for (let attempt: AttemptTrace | undefined = last; attempt !== undefined; attempt = attempt.previous) {
    attempts.push(attemptText(attempt));
  }
  return attempts.toReversed().join("; ");
};

const attemptText = ({ endpoint, outcome }: AttemptTrace): string => {
  const address = endpoint.socketPath ?? endpoint.origin;
  if (outcome === undefined) return address;
  const { error, status, times } = outcome;
  // A response that was given up for another attempt is told by its status.
  const what =
    status !== undefined && outcome.ending === "discarded" ? status : (error?.code ?? status ?? "");
  return `${address} ${what} ${rounded(times.endedAt - times.startedAt)}ms`;
};

const rounded = (ms: number): number => Math.round(ms * 100) / 100;

/** Apache's common and combined formats. */
const common = ({ format, redaction }: AccessLineOptions, timestamp: Timestamp): AccessLine => {
  const isCombined = format === "combined";
  return (report, epoch) => {
    const { head, method, status, bytesSent } = report;
    const client = report.client === "" ? "-" : report.client;
    const request =
      method === "" ? "" : commonText(`${method} ${redaction.target(report)} HTTP/${head.version ?? "1.1"}`);
    const line = `${client} - - [${timestamp(epoch)}] "${request}" ${status} ${bytesSent}`;
    if (!isCombined) return line;
    const referer = firstValue(head.fields, "referer");
    const agent = firstValue(head.fields, "user-agent");
    return `${line} "${referer === undefined ? "-" : commonText(redaction.url(referer))}" "${agent === undefined ? "-" : commonText(agent)}"`;
  };
};
