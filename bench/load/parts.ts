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
  /** A contender that passed its checks failed later: it has no numbers in that part, the others go on. */
  broke(contender: string, part: string, error: unknown): void;
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

/** Starts, uses and stops a contender. Undefined when that failed, which `bench` then knows. */
export const withContender = async <T>(
  bench: Bench,
  contender: Contender,
  part: string,
  use: (running: Running) => T | Promise<T>,
): Promise<T | undefined> => {
  try {
    const running = await startContender(bench, contender, bench.originPort);
    try {
      return await use(running);
    } finally {
      await running.child.stop();
    }
  } catch (error) {
    bench.broke(contender.name, part, error);
    return undefined;
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
 * Every scenario: one unrecorded run each (twice as long before the first, when nothing is compiled yet), then
 * rounds over all contenders. All processes live through the whole part; the idle ones cost nothing.
 */
export const runLoads = async (bench: Bench, settings: LoadSettings): Promise<Samples> => {
  const samples: Samples = {};
  const running = new Set<Running>();
  try {
    for (const contender of bench.contenders) {
      try {
        running.add(await startContender(bench, contender, bench.originPort));
      } catch (error) {
        bench.broke(contender.name, "load", error);
      }
    }
    let warmupSeconds = 2 * settings.warmupSeconds;
    for (const scenario of settings.scenarios) {
      samples[scenario.name] = await runScenario(bench, running, scenario, { ...settings, warmupSeconds });
      warmupSeconds = settings.warmupSeconds;
    }
  } finally {
    await Promise.all([...running].map(({ child }) => child.stop()));
  }
  return samples;
};

/** Takes whoever breaks out of `running`; samples from before stay. */
const runScenario = async (
  bench: Bench,
  running: Set<Running>,
  scenario: Scenario,
  { rounds, seconds, warmupSeconds }: LoadSettings,
): Promise<Record<string, Sample[]>> => {
  const once = async (each: Running, duration: number): Promise<Sample | undefined> => {
    const { port, child, contender } = each;
    try {
      const sample = await runWrk(scenario, {
        port,
        pid: child.pid,
        seconds: duration,
        core: bench.cores.load,
      });
      if (child.ended()) throw new Error(`ended under load\n${child.output()}`);
      refuseWrongAnswers(scenario, sample);
      return sample;
    } catch (error) {
      bench.broke(contender.name, scenario.name, error);
      running.delete(each);
      await child.stop();
      return undefined;
    }
  };
  const results: Record<string, Sample[]> = {};
  if (warmupSeconds > 0) for (const each of running) await once(each, warmupSeconds);
  for (let round = 1; round <= rounds; round++) {
    for (const each of running) {
      const sample = await once(each, seconds);
      if (sample === undefined) continue;
      (results[each.contender.name] ??= []).push(sample);
      bench.say(`${scenario.name} ${round}/${rounds} ${each.contender.name}: ${inShort(sample)}`);
    }
  }
  return results;
};

/** The sequence of the mix is cut off somewhere. */
const ERROR_SHARE_TOLERANCE = 0.02;

/** A proxy that answers with its own errors is cheap, and no contender. */
const refuseWrongAnswers = ({ errorShare }: Scenario, { requests, errorStatuses }: Sample): void => {
  if (requests === 0) throw new Error("answered nothing");
  if (Math.abs(errorStatuses / requests - errorShare) > (errorShare === 0 ? 0 : ERROR_SHARE_TOLERANCE)) {
    throw new Error(`${errorStatuses} of ${requests} answers had an error status`);
  }
};

const inShort = (sample: Sample): string =>
  `${sample.cpuUs.toFixed(1)} µs, ${Math.round(sample.requestsPerSecond)}/s, ` +
  `core ${Math.round(sample.coreShare * 100)} %${sample.errors > 0 ? `, ${sample.errors} errors` : ""}`;

/** Process start to first answer, in rounds, each time a new process. */
export const runStartUps = async (bench: Bench, rounds: number): Promise<Record<string, StartUp[]>> => {
  const results: Record<string, StartUp[]> = {};
  for (let round = 1; round <= rounds; round++) {
    for (const contender of bench.contenders) {
      const startUp = await withContender(bench, contender, "startup", (running) => running.startUp);
      if (startUp === undefined) continue;
      (results[contender.name] ??= []).push(startUp);
      bench.say(`start-up ${round}/${rounds} ${contender.name}: ${Math.round(startUp.answeredMs)} ms`);
    }
  }
  return results;
};

/** Removes what contenders left behind. */
export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true });
