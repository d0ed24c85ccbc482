/** The load runs: `npm run bench:load -- --help`. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scenarioTable } from "../report/load-section.ts";
import { latestResults, saveResults } from "../report/results-file.ts";
import { targetsSection } from "../report/targets.ts";
import { writeReport } from "../report/write.ts";
import { workerBundleBytes } from "./bundle.ts";
import { startCheckOrigin } from "./check-origin.ts";
import type { CheckResult } from "./checks.ts";
import { interrupted, stopAll, stopAllWithThisProcess } from "./children.ts";
import { type Contender, type ContenderGroup, GROUPS, PARTS, type Part } from "./contender.ts";
import { divideCores } from "./cores.ts";
import { runChecks } from "./correctness.ts";
import { type Order, readOrder, refuse } from "./flags.ts";
import { runLoads } from "./load.ts";
import { describeMachine } from "./machine.ts";
import { runEndurance, runStreams } from "./memory.ts";
import { startOrigin } from "./origin.ts";
import { runProfiles } from "./profile.ts";
import { busyShare } from "./proc.ts";
import { missingProgram } from "./programs.ts";
import { type LoadResults, mergeResults } from "./results.ts";
import { missingOf } from "./roster.ts";
import type { Bench } from "./running.ts";
import { runStartUps } from "./start-up.ts";

/** More than this share of all cores in use before the run, and figures depend on what else is going on. */
const QUIET_SHARE = 0.1;

/** Memory over time is asked of the command, the Worker, servers and bare proxies. */
const LASTING: readonly ContenderGroup[] = GROUPS.filter((group) => group !== "library" && group !== "hono");

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

/** Where everything runs, and what broke so far. */
const prepareBench = async (
  { settings, contenders }: Order,
  broken: Record<string, string>,
): Promise<Bench> => {
  const cores = divideCores();
  const folder = mkdtempSync(join(tmpdir(), "fairlead-bench-"));
  stopAllWithThisProcess(() => rmSync(folder, { recursive: true, force: true }));
  const bulk = await startCheckOrigin();
  const origin = await startOrigin(folder, cores.load, bulk.port, settings.streamBytes);
  const broke: Bench["broke"] = (contender, part, error) => {
    if (interrupted()) return;
    const [why = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    broken[`${contender}, ${part}`] = why;
    say(`${contender} broke in ${part}: ${why}`);
  };
  return { contenders, cores, folder, originPort: origin.port, say, broke };
};

/** `whole`, with the contenders that take part in `part` and have passed their checks. */
const benchOf = (
  whole: Bench,
  checks: Readonly<Record<string, CheckResult>>,
  part: Part,
  groups: readonly ContenderGroup[] = GROUPS,
): Bench => ({
  ...whole,
  contenders: whole.contenders.filter(
    ({ name, group, parts = PARTS }) =>
      checks[name]?.failures.length === 0 && parts.includes(part) && groups.includes(group),
  ),
});

/** All parts that were asked for. */
const measure = async (
  { settings, takesPart, isStarted }: Order,
  whole: Bench,
  checks: Readonly<Record<string, CheckResult>>,
  busy: number,
): Promise<Omit<LoadResults, "skipped">> => {
  const does = (part: Part): boolean => settings.parts.includes(part);
  const noCurl = missingProgram("curl");
  if (does("streaming") && noCurl !== undefined) say(`streaming left out: ${noCurl}`);
  const loaded = benchOf(whole, checks, "load");
  const inAnyScenario = loaded.contenders.filter((contender) =>
    settings.scenarios.some((scenario) => takesPart(scenario, contender)),
  );
  const loads = does("load")
    ? await runLoads({ ...loaded, contenders: inAnyScenario }, settings, takesPart)
    : { samples: {}, idleMiB: {} };
  const starting = benchOf(whole, checks, "startup");
  const starts = does("startup")
    ? await runStartUps({ ...starting, contenders: starting.contenders.filter(isStarted) }, settings.rounds)
    : { startUps: {}, emptyStarts: {} };
  return {
    takenAt: new Date().toISOString(),
    machine: describeMachine(whole.cores),
    busyShare: busy,
    settings,
    contenders: whole.contenders.map(({ name, group, runtime }) => ({ name, group, runtime })),
    checks,
    ...loads,
    ...starts,
    streams:
      does("streaming") && noCurl === undefined
        ? await runStreams(benchOf(whole, checks, "streaming", LASTING), settings.streamBytes)
        : {},
    endurance: does("endurance")
      ? await runEndurance(benchOf(whole, checks, "endurance", LASTING), settings.enduranceSeconds)
      : {},
    workerBundleBytes: settings.record ? await workerBundleBytes() : undefined,
  };
};

const report = ({ settings }: Order, results: LoadResults): void => {
  for (const { name, title } of settings.scenarios) {
    const samples = results.samples[name] ?? {};
    if (Object.keys(samples).length === 0) continue;
    process.stdout.write(`\n${title}\n\n${scenarioTable(results, name)}\n`);
  }
  if (settings.showTargets) process.stdout.write(`\n${targetsSection(results, undefined)}\n`);
  if (settings.record) {
    saveResults("load", mergeResults(latestResults("load") as LoadResults | undefined, results), "latest");
    writeReport();
  } else {
    saveResults("load", results, "dated");
  }
};

/** Without those that can't run here; `undefined` where the run can't be made at all. */
const reachable = (order: Order): { contenders: Contender[]; missing: Record<string, string> } => {
  const missing = missingOf(order.contenders);
  for (const [name, why] of Object.entries(missing)) say(`skipped ${name}: ${why}`);
  const contenders = order.contenders.filter(({ name }) => missing[name] === undefined);
  if (contenders.length === 0) refuse("no contender is left to run");
  return { contenders, missing };
};

const main = async (): Promise<number> => {
  const order = readOrder();
  const { settings } = order;
  for (const program of ["nginx", "wrk"]) {
    const why = missingProgram(program);
    if (why === undefined) continue;
    say(`The load runs can't be made: ${why}.`);
    return settings.requirePeers ? 1 : 0;
  }
  const { contenders, missing } = reachable(order);
  if (settings.requirePeers && Object.keys(missing).length > 0) return 1;

  const broken: Record<string, string> = {};
  const busy = await busyShare();
  if (busy > QUIET_SHARE)
    say(`The machine is ${Math.round(busy * 100)} % busy: these figures will be noise.`);
  const bench = await prepareBench({ ...order, contenders }, broken);
  if (settings.profile) {
    await runProfiles(bench, settings, order.takesPart);
    return Object.keys(broken).length === 0 ? 0 : 1;
  }
  const checks = await runChecks(bench);
  const results = await measure(order, bench, checks, busy);
  const wrong = { ...failed(checks), ...broken };
  report(order, { ...results, skipped: { ...missing, ...wrong } });
  return Object.keys(wrong).length === 0 ? 0 : 1;
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
