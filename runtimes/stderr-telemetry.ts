/**
 * Failures as lines on standard error, for as long as nobody else asked to be told. What clients do wrong is
 * left out: anybody could fill the log with it.
 */
import type { FailureReport, Telemetry } from "../src/core/platform.ts";

/** Lines written in one second; what comes after them is only counted. */
const LINES_PER_SECOND = 20;
const SECOND_MS = 1_000;
const MAX_CAUSES = 4;

export const stderrTelemetry = (write: (line: string) => void = writeToStderr): Telemetry => {
  let windowEnds = 0;
  let written = 0;
  let suppressed = 0;
  return {
    failed(report) {
      if (report.error.kind.fault === "client") return;
      const now = performance.now();
      if (now >= windowEnds) {
        if (suppressed > 0) write(`${suppressed} more failures not shown`);
        windowEnds = now + SECOND_MS;
        written = 0;
        suppressed = 0;
      }
      if (written < LINES_PER_SECOND) {
        written++;
        write(describeFailure(report));
      } else {
        suppressed++;
      }
    },
  };
};

/** Tells `onFailure` where there is one, else writes lines. */
export const telemetryOf = (
  options: { onFailure?(report: FailureReport): void },
  write?: (line: string) => void,
): Telemetry =>
  options.onFailure === undefined
    ? stderrTelemetry(write)
    : { failed: (report) => options.onFailure?.(report) };

/** One line: what happened to which request, and why. Without header values, queries or stacks. */
const describeFailure = ({ error, requestId, method, target }: FailureReport): string => {
  const path = target.split("?", 1)[0] ?? "";
  return `${error.code} ${printable(method)} ${printable(path)} id=${requestId}: ${causeChain(error)}`;
};

const causeChain = (error: Error): string => {
  const parts: string[] = [];
  let current: unknown = error;
  while (current instanceof Error && parts.length < MAX_CAUSES) {
    const text = messageOf(current);
    if (text !== "" && !parts.includes(text)) parts.push(text);
    current = current.cause;
  }
  return printable(parts.join(" < "));
};

/** The error of a failed name lookup or of several addresses tried in turn says nothing by itself. */
const messageOf = (error: Error): string =>
  error.message !== "" || !(error instanceof AggregateError)
    ? error.message
    : error.errors.map((each: unknown) => (each instanceof Error ? each.message : "")).join(", ");

/** Control characters could forge further lines. */
const printable = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- control characters are what this looks for
  text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, "?").slice(0, 400);

/** Never throws: a log that nobody reads any more must not end a proxy. */
const writeToStderr = (line: string): void => {
  const { stderr } = process;
  // Without a listener a stream's failure would be an uncaught exception.
  if (stderr.listenerCount("error", ignore) === 0) stderr.on("error", ignore);
  stderr.write(`${line}\n`);
};

const ignore = (): void => {};
