/** The part about start-up: process start to first answer, and what an empty script takes on the same runtime. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runToEnd } from "./children.ts";
import type { ScriptRuntime } from "./contender.ts";
import type { StartUp } from "./ready.ts";
import { type Bench, withContender } from "./running.ts";
import { scriptLaunch } from "./scripted.ts";

export interface StartUps {
  /** By contender. */
  readonly startUps: Record<string, StartUp[]>;
  /** Milliseconds from the start to the end of a process with an empty script, by runtime. */
  readonly emptyStarts: Partial<Record<ScriptRuntime, number[]>>;
}

const LIMIT_MS = 10_000;

const emptyStart = async (bench: Bench, runtime: ScriptRuntime): Promise<number> => {
  const script = join(bench.folder, "empty.mjs");
  writeFileSync(script, "");
  const since = performance.now();
  await runToEnd(
    `empty script on ${runtime}`,
    scriptLaunch(runtime, script, []),
    bench.cores.proxy,
    LIMIT_MS,
  );
  return performance.now() - since;
};

/** In rounds, each time new processes. */
export const runStartUps = async (bench: Bench, rounds: number): Promise<StartUps> => {
  const startUps: StartUps["startUps"] = {};
  const emptyStarts: StartUps["emptyStarts"] = {};
  const runtimes = new Set<ScriptRuntime>();
  for (const { runtime } of bench.contenders) {
    if (runtime !== undefined && runtime !== "workerd") runtimes.add(runtime);
  }
  for (let round = 1; round <= rounds; round++) {
    for (const runtime of runtimes) {
      const ms = await emptyStart(bench, runtime);
      (emptyStarts[runtime] ??= []).push(ms);
      bench.say(`start-up ${round}/${rounds} empty script on ${runtime}: ${Math.round(ms)} ms`);
    }
    for (const contender of bench.contenders) {
      const startUp = await withContender(bench, contender, "startup", (running) => running.startUp);
      if (startUp === undefined) continue;
      (startUps[contender.name] ??= []).push(startUp);
      const { listeningMs, answeredMs } = startUp;
      bench.say(
        `start-up ${round}/${rounds} ${contender.name}: listens after ${Math.round(listeningMs)} ms, ` +
          `answers after ${Math.round(answeredMs)} ms`,
      );
    }
  }
  return { startUps, emptyStarts };
};
