/** `--profile`: one loaded process for each contender and scenario, with the runtime's own CPU profiler. */
import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { figure, table } from "../report/markdown.ts";
import type { Contender, ScriptRuntime } from "./contender.ts";
import { type LoadSettings, type TakesPart, inShort, takeSample } from "./load.ts";
import { root } from "./programs.ts";
import { type Bench, startContender } from "./running.ts";
import type { Scenario } from "./scenarios.ts";
import { benchFile, withRuntimeFlags } from "./scripted.ts";

/** Writing a profile takes a while. */
const GRACE_MS = 20_000;
const ROWS_SHOWN = 30;

/** The part of a .cpuprofile that is read here. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const profilerFlags = (runtime: ScriptRuntime, folder: string): string[] => {
  const preload = benchFile("servers/exit-on-sigterm.mjs");
  if (runtime === "deno") return [`--cpu-prof-dir=${folder}`, `--preload=${preload}`];
  return ["--cpu-prof", `--cpu-prof-dir=${folder}`, runtime === "node" ? "--import" : "--preload", preload];
};

/** Self time by function, the largest first, without idle time. */
const selfTimes = (profile: CpuProfile): string => {
  const names = new Map(
    profile.nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const where = url === "" ? "" : ` ${url.replace(`file://${root}`, "")}:${lineNumber + 1}`;
      return [id, `${functionName || "(anonymous)"}${where}`];
    }),
  );
  const times = new Map<string, number>();
  let busy = 0;
  profile.samples.forEach((id, i) => {
    const name = names.get(id) ?? "(unknown)";
    const spent = profile.timeDeltas[i] ?? 0;
    if (name === "(idle)") return;
    busy += spent;
    times.set(name, (times.get(name) ?? 0) + spent);
  });
  const rows = [...times].toSorted(([, a], [, b]) => b - a).slice(0, ROWS_SHOWN);
  return table(
    ["function", "self, % of busy time"],
    rows.map(([name, spent]) => [name, figure((spent / busy) * 100)]),
  );
};

const profileOne = async (
  bench: Bench,
  contender: Contender,
  runtime: ScriptRuntime,
  scenario: Scenario,
  settings: LoadSettings,
): Promise<void> => {
  const folder = join(root, `bench/results/profile-${Date.now()}-${contender.id}-${scenario.name}`);
  mkdirSync(folder, { recursive: true });
  const running = await startContender(bench, contender, bench.originPort, (launch) =>
    withRuntimeFlags(launch, runtime, profilerFlags(runtime, folder)),
  );
  try {
    const sample = await takeSample(bench, running, scenario, settings, 2);
    bench.say(`${scenario.name} ${contender.name}, profiled: ${inShort(sample)}`);
  } finally {
    await running.child.stop(GRACE_MS);
  }
  for (const file of readdirSync(folder)) {
    const path = join(folder, file);
    const profile = JSON.parse(readFileSync(path, "utf8")) as CpuProfile;
    process.stdout.write(`\n${contender.name}, ${scenario.title}: ${relative(process.cwd(), path)}\n\n`);
    process.stdout.write(`${selfTimes(profile)}\n`);
  }
};

/** Start and warm-up are in the profiles too; figures of a profiled process are no measurement. */
export const runProfiles = async (
  bench: Bench,
  settings: LoadSettings,
  takesPart: TakesPart,
): Promise<void> => {
  for (const contender of bench.contenders) {
    for (const scenario of settings.scenarios) {
      const { runtime } = contender;
      if (runtime === undefined || runtime === "workerd" || !takesPart(scenario, contender)) continue;
      try {
        await profileOne(bench, contender, runtime, scenario, settings);
      } catch (error) {
        bench.broke(contender.name, `profile of ${scenario.name}`, error);
      }
    }
  }
};
