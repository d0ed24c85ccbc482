/** The access log: which requests get a line, and how many lines a second there may be. */
import type { LogOutput } from "../core/log-output.ts";
import type { Clock, Random } from "../core/platform.ts";
import type { ExchangeReport } from "../core/telemetry.ts";
import type { AccessLine } from "./access-line.ts";
import { isOwnFailure } from "./failure-cause.ts";

export interface AccessLogOptions {
  readonly requests: "all" | "failed";
  readonly line: AccessLine;
  readonly output: LogOutput;
  /** Takes the same requests as records. */
  readonly record?: ((report: ExchangeReport, epoch: number) => void) | undefined;
  /** Share of the successful requests that get a line. */
  readonly sample: number;
  /** Infinity is no limit. */
  readonly perSecond: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Called within a second with the number of lines that the limit left out, where timers outlive requests. */
  readonly leftOut: (lines: number) => void;
}

const SECOND_MS = 1_000;

/** Takes every exchange that has ended. */
export const accessLog = (options: AccessLogOptions): ((report: ExchangeReport) => void) => {
  const { requests, line, output, record, sample, perSecond, clock, random, leftOut } = options;
  const isAdmitted = perSecond === Number.POSITIVE_INFINITY ? () => true : limiter(perSecond, clock, leftOut);
  const isWanted = (report: ExchangeReport): boolean => {
    const { error, status } = report;
    if (isOwnFailure(error)) return true;
    if (requests === "failed") return false;
    return sample === 1 || error !== undefined || status >= 500 || random.float() < sample;
  };
  return (report) => {
    if (!isWanted(report) || !isAdmitted()) return;
    const epoch = clock.epoch();
    const buffer = output.begin();
    if (buffer !== undefined) {
      line(buffer, report, epoch);
      output.end();
    }
    record?.(report, epoch);
  };
};

/** Admits `perSecond` lines a second. Reports how many it refused when the second is over, or at the next line after it. */
const limiter = (perSecond: number, clock: Clock, leftOut: (lines: number) => void): (() => boolean) => {
  let admitted = 0;
  let hidden = 0;
  // Compared at each line too: on Workers a timer ends with the request that set it.
  let endsAt = Number.NEGATIVE_INFINITY;
  const tell = (): void => {
    if (hidden > 0) leftOut(hidden);
    hidden = 0;
  };
  return () => {
    const now = clock.now();
    if (now >= endsAt) {
      tell();
      admitted = 0;
      endsAt = now + SECOND_MS;
    }
    if (admitted < perSecond) {
      admitted += 1;
      return true;
    }
    if (hidden === 0) clock.after(endsAt - now, tell);
    hidden += 1;
    return false;
  };
};
