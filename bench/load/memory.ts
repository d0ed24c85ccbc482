/** The parts about memory: large bodies streamed each way, and a longer run under the realistic mix. */
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { runToEnd } from "./children.ts";
import { type Bench, type Running, withContender } from "./running.ts";
import { forgetPeak, peakMiB, residentMiB } from "./proc.ts";
import { machineProgram } from "./programs.ts";
import type { EnduranceRun, StreamRun } from "./results.ts";
import { MIX } from "./scenarios.ts";
import { maximum, slope } from "./statistics.ts";
import { runWrk } from "./wrk.ts";

const STREAM_LIMIT_MS = 120_000;

/** Moves `bytes` with curl; `args` say which way. */
const stream = async (
  bench: Bench,
  { child, contender }: Running,
  bytes: number,
  args: readonly string[],
): Promise<StreamRun> => {
  const curl = machineProgram("curl") ?? "curl";
  forgetPeak(child.pid);
  const restMiB = residentMiB(child.pid);
  const since = performance.now();
  const printed = await runToEnd(
    `curl for ${contender.name}`,
    { command: curl, args: ["-sS", "-f", "-w", "\n%{http_code} %{size_download} %{size_upload}", ...args] },
    bench.cores.load,
    STREAM_LIMIT_MS,
  );
  const seconds = (performance.now() - since) / 1000;
  const [status, down, up] = (printed.split("\n").at(-1) ?? "").split(" ").map(Number);
  if (status !== 200 || Math.max(down ?? 0, up ?? 0) !== bytes) {
    throw new Error(`${contender.name}: ${bytes} bytes asked, curl says ${printed.split("\n").at(-1)}`);
  }
  return { bytes, mebibytesPerSecond: bytes / seconds / 1048576, restMiB, peakMiB: peakMiB(child.pid) };
};

/** `bytes` down, then up, through each contender, after a small transfer each way as warm-up. */
export const runStreams = async (
  bench: Bench,
  bytes: number,
): Promise<Record<string, { down: StreamRun; up: StreamRun }>> => {
  const results: Record<string, { down: StreamRun; up: StreamRun }> = {};
  const file = (name: string): string => join(bench.folder, "files", name);
  for (const contender of bench.contenders) {
    const runs = await withContender(bench, contender, "streaming", async (running) => {
      const url = `http://127.0.0.1:${running.port}`;
      const download = (name: string): string[] => ["-o", "/dev/null", `${url}/${name}`];
      const upload = (name: string): string[] => [
        "-X",
        "POST",
        "-T",
        file(name),
        "-H",
        "Expect:",
        `${url}/upload`,
      ];
      await stream(bench, running, 1048576, download("1m"));
      await stream(bench, running, 1048576, upload("1m"));
      const down = await stream(bench, running, bytes, download("bulk"));
      return { down, up: await stream(bench, running, bytes, upload("bulk")) };
    });
    if (runs === undefined) continue;
    results[contender.name] = runs;
    bench.say(`stream ${contender.name}: ${describe("down", runs.down)}, ${describe("up", runs.up)}`);
  }
  return results;
};

const describe = (way: string, run: StreamRun): string =>
  `${way} ${Math.round(run.mebibytesPerSecond)} MiB/s, +${Math.round(run.peakMiB - run.restMiB)} MiB`;

/** `seconds` of the realistic mix for each contender, resident memory read once a second. */
export const runEndurance = async (bench: Bench, seconds: number): Promise<Record<string, EnduranceRun>> => {
  const results: Record<string, EnduranceRun> = {};
  for (const contender of bench.contenders) {
    const run = await withContender(bench, contender, "endurance", (running) =>
      endure(bench, running, seconds),
    );
    if (run === undefined) continue;
    results[contender.name] = run;
    bench.say(
      `endurance ${contender.name}: ${Math.round(run.startMiB)} to ${Math.round(run.endMiB)} MiB, ` +
        `${run.slopeMiBPerMinute.toFixed(1)} MiB/min at the end`,
    );
  }
  return results;
};

const endure = async (bench: Bench, { child, port }: Running, seconds: number): Promise<EnduranceRun> => {
  const startMiB = residentMiB(child.pid);
  const readings: number[] = [];
  const watch = new AbortController();
  const watching = watchMemory(child.pid, readings, watch.signal);
  try {
    const sample = await runWrk(MIX, { port, pid: child.pid, seconds, core: bench.cores.load });
    if (child.ended()) throw new Error(`ended under load\n${child.output()}`);
    return {
      seconds,
      requests: sample.requests,
      startMiB,
      endMiB: readings.at(-1) ?? startMiB,
      peakMiB: Math.max(sample.peakMiB, maximum(readings)),
      slopeMiBPerMinute: slope(readings.slice(readings.length >> 1)) * 60,
      errors: sample.errors,
    };
  } finally {
    watch.abort();
    await watching;
  }
};

const watchMemory = async (pid: number, readings: number[], signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    readings.push(residentMiB(pid));
    await sleep(1000, undefined, { signal }).catch(() => undefined);
  }
};
