/** The load runs: `npm run bench:load -- --help`. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scenarioTable } from "../report/load-section.ts";
import { latestResults, saveResults } from "../report/results-file.ts";
import { writeReport } from "../report/write.ts";
import { startCheckOrigin } from "./check-origin.ts";
import type { CheckResult } from "./checks.ts";
import { interrupted, stopAll, stopAllWithThisProcess } from "./children.ts";
import { type Contender, type ContenderGroup, GROUPS, PARTS, type Part } from "./contender.ts";
import { divideCores } from "./cores.ts";
import { type Settings, readSettings, refuse } from "./flags.ts";
import { describeMachine } from "./machine.ts";
import { runEndurance, runStreams } from "./memory.ts";
import { startOrigin } from "./origin.ts";
import { type Bench, removeFolder, runChecks, runLoads, runStartUps } from "./parts.ts";
import { missingProgram } from "./programs.ts";
import { type LoadResults, mergeResults } from "./results.ts";
import { missingOf, roster } from "./roster.ts";
import { workerBundleBytes } from "./worker-bundle.ts";

/** Memory over time is asked of the runtimes and servers, not of every library. */
const NO_LIBRARIES = GROUPS.filter((group) => group !== "library");

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const failed = (checks: Readonly<Record<string, CheckResult>>): Record<string, string> => {
  const reasons: Record<string, string> = {};
  for (const [name, { failures }] of Object.entries(checks)) {
    if (failures.length > 0) reasons[name] = `failed its checks: ${failures.join("; ").split("\n")[0]}`;
  }
  return reasons;
};

/** All parts that were asked for, with the contenders that pass their checks. */
const measure = async (
  settings: Settings,
  contenders: readonly Contender[],
  missing: Readonly<Record<string, string>>,
): Promise<LoadResults> => {
  const cores = divideCores();
  const folder = mkdtempSync(join(tmpdir(), "fairlead-bench-"));
  stopAllWithThisProcess(() => removeFolder(folder));
  const bulk = await startCheckOrigin();
  const origin = await startOrigin(folder, cores.load, bulk.port, settings.streamBytes);
  const broken: Record<string, string> = {};
  const broke: Bench["broke"] = (contender, part, error) => {
    if (interrupted()) return;
    const [why = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    broken[`${contender}, ${part}`] = why;
    say(`${contender} broke in ${part}: ${why}`);
  };
  const whole: Bench = { contenders, cores, folder, originPort: origin.port, say, broke };
  const checks = await runChecks(whole);
  const unsound = failed(checks);
  const benchOf = (part: Part, groups: readonly ContenderGroup[] = GROUPS): Bench => ({
    ...whole,
    contenders: contenders.filter(
      ({ name, group, parts = PARTS }) =>
        unsound[name] === undefined && parts.includes(part) && groups.includes(group),
    ),
  });
  const does = (part: Part): boolean => settings.parts.includes(part);
  const noCurl = missingProgram("curl");
  if (does("streaming") && noCurl !== undefined) say(`streaming left out: ${noCurl}`);
  const parts = {
    takenAt: new Date().toISOString(),
    machine: describeMachine(cores),
    settings,
    contenders: contenders.map(({ name, group, runtime }) => ({ name, group, runtime })),
    checks,
    samples: does("load") ? await runLoads(benchOf("load"), settings) : {},
    startUps: does("startup") ? await runStartUps(benchOf("startup"), settings.rounds) : {},
    streams:
      does("streaming") && noCurl === undefined
        ? await runStreams(benchOf("streaming", NO_LIBRARIES), settings.streamBytes)
        : {},
    endurance: does("endurance")
      ? await runEndurance(benchOf("endurance", NO_LIBRARIES), settings.enduranceSeconds)
      : {},
    workerBundleBytes: await workerBundleBytes(),
  };
  return { ...parts, skipped: { ...missing, ...unsound, ...broken } };
};

const main = async (): Promise<number> => {
  const settings = readSettings();
  for (const program of ["nginx", "wrk"]) {
    const why = missingProgram(program);
    if (why === undefined) continue;
    say(`The load runs can't be made: ${why}.`);
    return settings.requirePeers ? 1 : 0;
  }
  const invited = await roster(settings.only);
  const missing = missingOf(invited);
  for (const [name, why] of Object.entries(missing)) say(`skipped ${name}: ${why}`);
  if (settings.requirePeers && Object.keys(missing).length > 0) return 1;
  const contenders = invited.filter(({ name }) => missing[name] === undefined);
  if (contenders.length === 0) refuse("no contender is left to run");

  const results = await measure(settings, contenders, missing);
  for (const scenario of settings.scenarios) {
    if (results.samples[scenario.name] === undefined) continue;
    process.stdout.write(`\n${scenario.title}\n\n${scenarioTable(results, scenario.name)}\n`);
  }
  if (settings.record) {
    saveResults("load", mergeResults(latestResults("load") as LoadResults | undefined, results), "latest");
    writeReport();
  } else {
    saveResults("load", results, "dated");
  }
  return Object.keys(results.skipped).length === Object.keys(missing).length ? 0 : 1;
};

let code = 1;
try {
  code = await main();
} catch (error) {
  if (!interrupted()) say(error instanceof Error ? (error.stack ?? error.message) : String(error));
} finally {
  await stopAll();
}
if (!interrupted()) process.exit(code);
