/** One request as a line. */
import { endpointAddress } from "../core/endpoint.ts";
import type { LineBuffer } from "../core/line-buffer.ts";
import type { AttemptTrace } from "../core/exchange.ts";
import type { ExchangeReport } from "../core/telemetry.ts";
import { firstValue } from "../http/headers.ts";
import { failureCause, isOwnFailure } from "./failure-cause.ts";
import { type Fact, type FactWriter, JsonLines, type LineWriter, PairLines, fact } from "./line-writer.ts";
import type { Redaction } from "./redaction.ts";
import { type Timestamp, commonTimestamps, isoTimestamps } from "./timestamps.ts";
import { commonText } from "./line-text.ts";

const NAMES = [
  "event",
  "status",
  "method",
  "target",
  "durationMs",
  "code",
  "error",
  "route",
  "upstream",
  "endpoint",
  "attempts",
  "tried",
  "bytesIn",
  "bytesOut",
  "client",
  "scheme",
  "host",
  "protocol",
  "userAgent",
  "referer",
  "requestId",
  "traceId",
  "queueMs",
  "connectMs",
  "firstByteMs",
  "bodyMs",
] as const;

const FACTS = Object.fromEntries(NAMES.map((name) => [name, fact(name)])) as Readonly<
  Record<(typeof NAMES)[number], Fact>
>;

export type AccessFormat = "json" | "text" | "common" | "combined";

export interface AccessLineOptions {
  readonly format: AccessFormat;
  readonly redaction: Redaction;
  /** Lower-case names of request fields that structured lines hold too. */
  readonly headers: readonly string[];
}

/** Writes a request that ended at `epoch`, in milliseconds since 1970, as a line that was begun in `buffer`. */
export type AccessLine = (buffer: LineBuffer, report: ExchangeReport, epoch: number) => void;

export const accessLine = (options: AccessLineOptions): AccessLine => {
  switch (options.format) {
    case "json":
      return structured(options, isoTimestamps(), new JsonLines());
    case "text":
      return structured(options, isoTimestamps(), new PairLines());
    case "common":
    case "combined":
      return common(options, commonTimestamps());
  }
};

const structured = (options: AccessLineOptions, timestamp: Timestamp, line: LineWriter): AccessLine => {
  const putFacts = requestFacts(options);
  return (buffer, report, epoch) => {
    line.begin(buffer, timestamp(epoch), levelOf(report));
    line.text(FACTS.event, "request");
    putFacts(line, report);
    line.end();
  };
};

/** Level of a request's line. */
export const levelOf = ({ error }: ExchangeReport): "error" | "info" =>
  isOwnFailure(error) ? "error" : "info";

/** Puts the facts of a request into any structured form. */
export const requestFacts = ({
  redaction,
  headers,
}: Omit<AccessLineOptions, "format">): ((facts: FactWriter, report: ExchangeReport) => void) => {
  const further = headers.map((name) => ({ name, key: fact(`header.${name}`) }));
  return (facts, report) => {
    const { error, head, host } = report;
    facts.number(FACTS.status, report.status);
    facts.text(FACTS.method, report.method);
    facts.text(FACTS.target, redaction.target(report));
    facts.duration(FACTS.durationMs, report.endedAt - report.startedAt);
    facts.text(FACTS.code, error?.code);
    facts.text(FACTS.error, error && failureCause(error));
    facts.text(FACTS.route, report.route);
    facts.text(FACTS.upstream, report.upstream);
    facts.text(FACTS.endpoint, report.endpoint);
    if (report.attempts > 0) facts.number(FACTS.attempts, report.attempts);
    if (report.last?.previous !== undefined) facts.text(FACTS.tried, tried(report.last.previous));
    putPhases(facts, report);
    facts.number(FACTS.bytesIn, report.last?.outcome?.bytesSent ?? 0);
    facts.number(FACTS.bytesOut, report.bytesSent);
    facts.text(FACTS.client, report.client);
    facts.text(FACTS.scheme, report.scheme);
    facts.text(FACTS.host, host);
    facts.text(FACTS.protocol, head.version && `HTTP/${head.version}`);
    facts.text(FACTS.userAgent, firstValue(head.fields, "user-agent"));
    const referer = firstValue(head.fields, "referer");
    facts.text(FACTS.referer, referer && redaction.url(referer));
    for (const { name, key } of further) {
      const value = firstValue(head.fields, name);
      facts.text(key, value && redaction.header(name, value));
    }
    facts.text(FACTS.requestId, report.requestId);
    facts.text(FACTS.traceId, report.trace?.traceId);
  };
};

/**
 * Durations of the last attempt's phases: until it began (in a queue, or for earlier attempts), until it was connected where the
 * runtime reports that, until the head, until the end.
 */
const putPhases = (line: FactWriter, report: ExchangeReport): void => {
  const times = report.last?.outcome?.times;
  if (times === undefined) return;
  const { startedAt, connectedAt, headAt } = times;
  line.duration(FACTS.queueMs, startedAt - report.startedAt);
  if (connectedAt !== undefined) line.duration(FACTS.connectMs, connectedAt - startedAt);
  if (headAt === undefined) return;
  line.duration(FACTS.firstByteMs, headAt - (connectedAt ?? startedAt));
  line.duration(FACTS.bodyMs, report.endedAt - headAt);
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
  const address = endpointAddress(endpoint);
  if (outcome === undefined) return address;
  const { error, status, times } = outcome;
  // A response that was discarded for another attempt is shown by its status.
  const what =
    status !== undefined && outcome.ending === "discarded" ? status : (error?.code ?? status ?? "");
  return `${address} ${what} ${Math.round((times.endedAt - times.startedAt) * 100) / 100}ms`;
};

/** Apache's common and combined formats. */
const common =
  (options: AccessLineOptions, timestamp: Timestamp): AccessLine =>
  (buffer, report, epoch) =>
    buffer.addText(commonLine(options, report, timestamp(epoch)));

const commonLine = (
  { format, redaction }: AccessLineOptions,
  report: ExchangeReport,
  time: string,
): string => {
  const { head, method, status, bytesSent } = report;
  const client = report.client === "" ? "-" : report.client;
  const request =
    method === "" ? "" : commonText(`${method} ${redaction.target(report)} HTTP/${head.version ?? "1.1"}`);
  const line = `${client} - - [${time}] "${request}" ${status} ${bytesSent}`;
  if (format === "common") return line;
  const referer = firstValue(head.fields, "referer");
  const agent = firstValue(head.fields, "user-agent");
  return `${line} "${referer === undefined ? "-" : commonText(redaction.url(referer))}" "${agent === undefined ? "-" : commonText(agent)}"`;
};
