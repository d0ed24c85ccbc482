/** The parts of a load run. Each takes contenders in turn, so that a slow spell of the machine hits all alike. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { startCheckOrigin } from "./check-origin.ts";
import { type CheckResult, checkProxy } from "./checks.ts";
import { type Child, startChild } from "./children.ts";
import type { Contender } from "./contender.ts";
import type { Cores } from "./cores.ts";
import { type StartUp, freePort, untilAnswers } from "./ready.ts";
import type { Scenario } from "./scenarios.ts";
import { type Sample, runWrk } from "./wrk.ts";

/** What all parts share. */
export interface Bench {
  readonly contenders: readonly Contender[];
  readonly cores: Cores;
  /** Scratch folder. */
  readonly folder: string;
  /** The nginx origin's. */
  readonly originPort: number;
  /** Progress, one line a call. */
  say(line: string): void;
}

export interface Running {
  readonly contender: Contender;
  readonly child: Child;
  readonly port: number;
  readonly startUp: StartUp;
}

let folders = 0;

/** Starts a contender and waits for its first answer. */
export const startContender = async (
  bench: Bench,
  contender: Contender,
  originPort: number,
): Promise<Running> => {
  const folder = join(bench.folder, `contender-${++folders}`);
  mkdirSync(folder);
  const port = await freePort();
  const launch = await contender.prepare({ port, originPort, folder });
  const since = performance.now();
  const child = startChild(contender.name, launch, bench.cores.proxy);
  try {
    return { contender, child, port, startUp: await untilAnswers(child, port, "/1k", since) };
  } catch (error) {
    await child.stop();
    throw error;
  }
};

/** Checks every contender in front of the check origin. One that can't be started fails its check. */
export const runChecks = async (bench: Bench): Promise<Record<string, CheckResult>> => {
  const results: Record<string, CheckResult> = {};
  const origin = await startCheckOrigin();
  try {
    for (const contender of bench.contenders) {
      results[contender.name] = await checkContender(bench, contender, origin.port);
      const { failures } = results[contender.name] as CheckResult;
      bench.say(`check ${contender.name}: ${failures.length === 0 ? "ok" : failures.join("; ")}`);
    }
  } finally {
    origin.server.close();
    origin.server.closeAllConnections();
  }
  return results;
};

const checkContender = async (
  bench: Bench,
  contender: Contender,
  originPort: number,
): Promise<CheckResult> => {
  try {
    const running = await startContender(bench, contender, originPort);
    try {
      return await checkProxy(running.port);
    } finally {
      await running.child.stop();
    }
  } catch (error) {
    return { failures: [error instanceof Error ? error.message : String(error)], hygiene: {} };
  }
};

export interface LoadSettings {
  readonly scenarios: readonly Scenario[];
  readonly rounds: number;
  readonly seconds: number;
  readonly warmupSeconds: number;
}

type Samples = Record<string, Record<string, Sample[]>>;

/**
 * Every scenario: one unrecorded run each (twice as long before the first, when nothing is compiled yet), then rounds over all contenders. All processes live through the whole
 * part; the idle ones cost nothing.
 */
export const runLoads = async (bench: Bench, settings: LoadSettings): Promise<Samples> => {
  const samples: Samples = {};
  const running: Running[] = [];
  try {
    for (const contender of bench.contenders) {
      running.push(await startContender(bench, contender, bench.originPort));
    }
    let warmupSeconds = 2 * settings.warmupSeconds;
    for (const scenario of settings.scenarios) {
      samples[scenario.name] = await runScenario(bench, running, scenario, { ...settings, warmupSeconds });
      warmupSeconds = settings.warmupSeconds;
    }
  } finally {
    await Promise.all(running.map(({ child }) => child.stop()));
  }
  return samples;
};

const runScenario = async (
  bench: Bench,
  running: readonly Running[],
  scenario: Scenario,
  { rounds, seconds, warmupSeconds }: LoadSettings,
): Promise<Record<string, Sample[]>> => {
  const once = ({ port, child }: Running, duration: number): Promise<Sample> =>
    runWrk(scenario, { port, pid: child.pid, seconds: duration, core: bench.cores.load });
  const results: Record<string, Sample[]> = {};
  for (const each of running) if (warmupSeconds > 0) await once(each, warmupSeconds);
  for (let round = 1; round <= rounds; round++) {
    for (const each of running) {
      const sample = await once(each, seconds);
      (results[each.contender.name] ??= []).push(sample);
      bench.say(
        `${scenario.name} ${round}/${rounds} ${each.contender.name}: ${sample.cpuUs.toFixed(1)} µs, ` +
          `${Math.round(sample.requestsPerSecond)}/s, core ${Math.round(sample.coreShare * 100)} %` +
          (sample.errors > 0 ? `, ${sample.errors} errors` : ""),
      );
    }
  }
  return results;
};

/** Process start to first answer, in rounds, each time a new process. */
export const runStartUps = async (bench: Bench, rounds: number): Promise<Record<string, StartUp[]>> => {
  const results: Record<string, StartUp[]> = {};
  for (let round = 1; round <= rounds; round++) {
    for (const contender of bench.contenders) {
      const { child, startUp } = await startContender(bench, contender, bench.originPort);
      await child.stop();
      (results[contender.name] ??= []).push(startUp);
      bench.say(`start-up ${round}/${rounds} ${contender.name}: ${Math.round(startUp.answeredMs)} ms`);
    }
  }
  return results;
};

/** Removes what contenders left behind. */
export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true });
