/** One bounded run of wrk against one contender. */
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { runToEnd } from "./children.ts";
import { cpuSeconds, forgetPeak, peakMiB } from "./proc.ts";
import { machineProgram } from "./programs.ts";
import type { Scenario } from "./scenarios.ts";

/** What one run showed. */
export interface Sample {
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

interface WrkResult {
  readonly requests: number;
  readonly durationUs: number;
  readonly bytes: number;
  readonly connectErrors: number;
  readonly readErrors: number;
  readonly writeErrors: number;
  readonly timeouts: number;
  readonly statusErrors: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** `port` and `pid` are the contender's. Takes `seconds` and a little. */
export const runWrk = async (
  scenario: Scenario,
  { port, pid, seconds, core }: { port: number; pid: number; seconds: number; core: number | undefined },
): Promise<Sample> => {
  const wrk = machineProgram("wrk");
  if (wrk === undefined) throw new Error("the load runs need wrk (apt-get install wrk)");
  const script = fileURLToPath(new URL(`wrk/${scenario.script}`, import.meta.url));
  const url = `http://127.0.0.1:${port}${scenario.path}`;
  const args = ["-t1", `-c${scenario.connections}`, `-d${seconds}s`, "--timeout", "5s", "-s", script, url];
  args.push("--", scenario.method, String(scenario.bodyBytes));
  forgetPeak(pid);
  const before = cpuSeconds(pid);
  const printed = await runToEnd("wrk", { command: wrk, args }, core, (seconds + 10) * 1000);
  await sleep(20); // what was under way when wrk left still costs
  const spent = cpuSeconds(pid) - before;
  const found = /^RESULT (.*)$/m.exec(printed)?.[1];
  if (found === undefined) throw new Error(`wrk printed no result\n${printed}`);
  const result = JSON.parse(found) as WrkResult;
  const elapsed = result.durationUs / 1e6;
  return {
    requests: result.requests,
    seconds: elapsed,
    requestsPerSecond: result.requests / elapsed,
    mebibytesPerSecond: (result.bytes + result.requests * scenario.bodyBytes) / elapsed / 1048576,
    p50Us: result.p50Us,
    p99Us: result.p99Us,
    cpuUs: (spent / Math.max(1, result.requests)) * 1e6,
    coreShare: spent / elapsed,
    peakMiB: peakMiB(pid),
    errors: result.connectErrors + result.readErrors + result.writeErrors + result.timeouts,
    errorStatuses: result.statusErrors,
  };
};
