/** Failed exchanges as lines of text. Mistakes of clients are left out: anybody could fill the log with them. */
import type { ProxyError } from "../src/core/errors.ts";
import type { Clock } from "../src/core/platform.ts";
import {
  type ExchangeReport,
  type FailureReport,
  type Telemetry,
  type UpstreamEvent,
  isFailure,
} from "../src/core/telemetry.ts";
import { upstreamEventText } from "./upstream-event-text.ts";

/** Lines written in one second; what comes after them is only counted. */
const LINES_PER_SECOND = 20;
const SECOND_MS = 1_000;
const MAX_CAUSES = 4;

/** What a platform's options say of failures. */
export interface FailureOptions {
  /**
   * Called at the end of every exchange that failed, before or after the response's head, mistakes of clients included.
   * Replaces the lines on standard error. What it throws is ignored.
   */
  readonly onFailure?: ((report: FailureReport) => void) | undefined;
  /**
   * Called with what upstreams decide by themselves: breakers, health, ejections, retries, changed endpoints. Replaces the lines
   * about them. What it throws is ignored.
   */
  readonly onUpstreamEvent?: ((event: UpstreamEvent) => void) | undefined;
}

/** Calls `onFailure` where there is one, else writes lines. */
export const failureTelemetry = (
  options: FailureOptions,
  clock: Clock,
  write: (line: string) => void,
): Telemetry => {
  const { onFailure, onUpstreamEvent } = options;
  if (onFailure === undefined) {
    const log = failureLog(clock, write);
    return onUpstreamEvent === undefined ? log : { ...log, upstreamEvent: onUpstreamEvent };
  }
  return {
    ...(onUpstreamEvent && { upstreamEvent: onUpstreamEvent }),
    exchangeEnded: (report) => {
      if (isFailure(report)) onFailure(report);
    },
  };
};

/** At most 20 lines a second; how many more there were is said within a second, or with the next line. */
const failureLog = (clock: Clock, write: (line: string) => void): Telemetry => {
  let written = 0;
  let hidden = 0;
  // Not a matter of the timer alone: where a timer belongs to the request that set it, it may never come.
  let endsAt = Number.NEGATIVE_INFINITY;
  const tellHidden = (): void => {
    if (hidden > 0) write(`${hidden} more failures not shown`);
    hidden = 0;
  };
  const tell = (lineAt: (epoch: number) => string): void => {
    const now = clock.now();
    if (now >= endsAt) {
      tellHidden();
      written = 0;
      endsAt = now + SECOND_MS;
    }
    if (written < LINES_PER_SECOND) {
      written += 1;
      write(lineAt(clock.epoch()));
      return;
    }
    if (hidden === 0) clock.after(endsAt - now, tellHidden);
    hidden += 1;
  };
  return {
    exchangeEnded(report) {
      const { error } = report;
      if (error === undefined || error.kind.fault === "client") return;
      tell((epoch) => failureLine(report, error, epoch));
    },
    upstreamEvent(event) {
      if (OF_SINGLE_REQUESTS.has(event.kind)) return;
      tell((epoch) => `${new Date(epoch).toISOString()} ${printable(upstreamEventText(event))}`);
    },
  };
};

/** These go with requests, and would be as many. */
const OF_SINGLE_REQUESTS: ReadonlySet<UpstreamEvent["kind"]> = new Set([
  "retried",
  "retry-over-budget",
  "hedged",
  "mirrored",
]);

/**
 * One line: when, what happened to which request, and why. Without field values, queries, values of path parameters, or
 * anything that a runtime says: its messages may hold addresses and secrets, its codes don't.
 */
const failureLine = (report: ExchangeReport, error: ProxyError, epoch: number): string => {
  const { requestId, method, route, upstream, endpoint } = report;
  const parts = [
    new Date(epoch).toISOString(),
    error.code,
    `${printable(method)} ${printable(pathOf(report))}`,
    `id=${requestId}`,
  ];
  if (route !== undefined) parts.push(`route=${JSON.stringify(printable(route))}`);
  if (upstream !== undefined) parts.push(`upstream=${JSON.stringify(printable(upstream))}`);
  if (endpoint !== undefined) parts.push(`endpoint=${printable(endpoint)}`);
  return `${parts.join(" ")}: ${printable(sentence(error))}`;
};

/** The path, with each value of a path parameter replaced by its name. */
const pathOf = ({ target, params }: ExchangeReport): string => {
  const path = target.split("?", 1)[0] ?? "";
  const names = new Map(Object.entries(params).map(([name, value]) => [value, `:${name}`]));
  if (names.size === 0) return path;
  return path
    .split("/")
    .map((segment) => names.get(segment) ?? segment)
    .join("/");
};

/** Our own sentence, and the codes of the errors behind it. */
const sentence = (error: ProxyError): string => {
  const codes: string[] = [];
  let cause: unknown = error.cause;
  for (let depth = 0; cause instanceof Error && depth < MAX_CAUSES; depth += 1) {
    const code = "code" in cause ? cause.code : undefined;
    const name = typeof code === "string" ? code : error.code === "internal" ? cause.name : undefined;
    if (name !== undefined && !codes.includes(name)) codes.push(name);
    cause = cause.cause;
  }
  return codes.length === 0 ? error.message : `${error.message} (${codes.join(", ")})`;
};

/** Control characters could forge further lines. */
const printable = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- control characters are what this looks for
  text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, "?").slice(0, 400);
