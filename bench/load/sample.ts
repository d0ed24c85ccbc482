/** What one bounded run of a load generator against one contender showed. */
import { setTimeout as sleep } from "node:timers/promises";
import { cpuSeconds, forgetPeak, peakMiB } from "./proc.ts";
import type { Scenario } from "./scenarios.ts";

export interface Sample {
  /** From 1. Contenders are compared within a round. */
  readonly round: number;
  readonly requests: number;
  readonly seconds: number;
  readonly requestsPerSecond: number;
  /** What the client received, heads included, and the request bodies (the mix's not counted). */
  readonly mebibytesPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** CPU time of the proxy's process tree for each request, in microseconds. */
  readonly cpuUs: number;
  /** Share of its core that the proxy used, 0 to 1. Well below 1: load generator or origin was the limit. */
  readonly coreShare: number;
  readonly peakMiB: number;
  /** Connections refused or broken, and timeouts. Not error statuses, which the mix asks for. */
  readonly errors: number;
  /** Answers with a status of 400 and above. */
  readonly errorStatuses: number;
}

/** A contender's process and where the load generator runs. */
export interface Aim {
  readonly port: number;
  readonly pid: number;
  readonly seconds: number;
  /** The load generator's. */
  readonly core: number | undefined;
}

/** What a load generator prints behind the word RESULT. */
interface LoadResult {
  readonly requests: number;
  readonly durationUs: number;
  readonly bytes: number;
  readonly errors: number;
  readonly errorStatuses: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

const resultIn = (printed: string): LoadResult => {
  const found = /^RESULT (.*)$/m.exec(printed)?.[1];
  if (found === undefined) throw new Error(`the load generator printed no result\n${printed}`);
  return JSON.parse(found) as LoadResult;
};

/** Runs `generate`, which gives what the generator printed, and reads what the proxy `pid` spent meanwhile. */
export const measured = async (
  { bodyBytes }: Scenario,
  pid: number,
  round: number,
  generate: () => Promise<string>,
): Promise<Sample> => {
  forgetPeak(pid);
  const before = cpuSeconds(pid);
  const printed = await generate();
  await sleep(20); // what was under way when the generator left still costs
  const spent = cpuSeconds(pid) - before;
  const result = resultIn(printed);
  const seconds = result.durationUs / 1e6;
  return {
    round,
    requests: result.requests,
    seconds,
    requestsPerSecond: result.requests / seconds,
    mebibytesPerSecond: (result.bytes + result.requests * bodyBytes) / seconds / 1048576,
    p50Us: result.p50Us,
    p99Us: result.p99Us,
    cpuUs: (spent / Math.max(1, result.requests)) * 1e6,
    coreShare: spent / seconds,
    peakMiB: peakMiB(pid),
    errors: result.errors,
    errorStatuses: result.errorStatuses,
  };
};
