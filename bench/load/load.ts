/** The timed part: contenders take turns, so that a slow spell of the machine hits all alike. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Contender } from "./contender.ts";
import { runHandshakes, runPaced, runWebSockets } from "./generators.ts";
import { residentMiB } from "./proc.ts";
import { type Bench, type Running, startContender } from "./running.ts";
import type { Aim, Sample } from "./sample.ts";
import type { Scenario } from "./scenarios.ts";
import { runWrk } from "./wrk.ts";

export interface LoadSettings {
  readonly scenarios: readonly Scenario[];
  readonly rounds: number;
  readonly seconds: number;
  /** Of unrecorded load before each sample; twice that in the first round, when less is compiled. */
  readonly warmupSeconds: number;
}

/** Whether a contender takes part in a scenario. */
export type TakesPart = (scenario: Scenario, contender: Contender) => boolean;

export interface Loads {
  /** By scenario, then contender, in the order of rounds. */
  readonly samples: Record<string, Record<string, Sample[]>>;
  /** Resident memory after the first answer, before any load, by contender. */
  readonly idleMiB: Record<string, number>;
}

/** Timers and collections of a start are over. */
const SETTLE_MS = 500;

/**
 * Every scenario: rounds over all contenders, each warmed up right before it is counted. All processes live through
 * the whole part; the idle ones cost nothing.
 */
export const runLoads = async (
  bench: Bench,
  settings: LoadSettings,
  takesPart: TakesPart,
): Promise<Loads> => {
  const loads: Loads = { samples: {}, idleMiB: {} };
  const running = new Set<Running>();
  try {
    for (const contender of bench.contenders) {
      try {
        running.add(await startContender(bench, contender, bench.originPort));
      } catch (error) {
        bench.broke(contender.name, "load", error);
      }
    }
    await sleep(SETTLE_MS);
    for (const { contender, child } of running) loads.idleMiB[contender.name] = residentMiB(child.pid);
    for (const scenario of settings.scenarios) {
      loads.samples[scenario.name] = await runScenario(bench, running, scenario, settings, takesPart);
    }
  } finally {
    await Promise.all([...running].map(({ child }) => child.stop()));
  }
  return loads;
};

/** A sample that fails is left out of its round; a contender whose process has ended leaves `running`. */
const runScenario = async (
  bench: Bench,
  running: Set<Running>,
  scenario: Scenario,
  settings: LoadSettings,
  takesPart: TakesPart,
): Promise<Record<string, Sample[]>> => {
  const results: Record<string, Sample[]> = {};
  for (let round = 1; round <= settings.rounds; round++) {
    for (const each of running) {
      const { contender, child } = each;
      if (!takesPart(scenario, contender)) continue;
      try {
        const sample = await takeSample(bench, each, scenario, settings, round);
        (results[contender.name] ??= []).push(sample);
        bench.say(`${scenario.name} ${round}/${settings.rounds} ${contender.name}: ${inShort(sample)}`);
      } catch (error) {
        bench.broke(contender.name, scenario.name, error);
        if (child.ended()) running.delete(each);
      }
    }
  }
  return results;
};

type Times = Pick<LoadSettings, "seconds" | "warmupSeconds">;

/** Warm-up and counted run. Throws where the contender broke or answered with the wrong statuses. */
export const takeSample = async (
  bench: Bench,
  running: Running,
  scenario: Scenario,
  { seconds, warmupSeconds }: Times,
  round: number,
): Promise<Sample> => {
  const { child } = running;
  const aim = {
    port: scenario.needs === "tls" ? running.tlsPort : running.port,
    pid: child.pid,
    core: bench.cores.load,
    seconds,
  };
  const warmup = warmupSeconds * (round === 1 ? 2 : 1);
  const sample = await generate(scenario, aim, warmup, round, bench.folder);
  if (child.ended()) throw new Error(`ended under load\n${child.output()}`);
  refuseWrongAnswers(scenario, sample);
  return sample;
};

const generate = async (
  scenario: Scenario,
  aim: Aim,
  warmupSeconds: number,
  round: number,
  folder: string,
): Promise<Sample> => {
  const warmup = { ...aim, seconds: warmupSeconds };
  switch (scenario.load) {
    case "half": {
      const { requestsPerSecond } = await runWrk(scenario, { ...aim, seconds: Math.max(1, warmupSeconds) });
      const pace = { rate: Math.max(1, Math.round(requestsPerSecond / 2)), folder };
      return runPaced(scenario, aim, round, pace);
    }
    case "handshakes":
      if (warmupSeconds > 0) await runHandshakes(scenario, warmup, 0, folder);
      return runHandshakes(scenario, aim, round, folder);
    case "websocket":
      if (warmupSeconds > 0) await runWebSockets(scenario, warmup, 0, folder);
      return runWebSockets(scenario, aim, round, folder);
    case "closed":
      if (warmupSeconds > 0) await runWrk(scenario, warmup);
      return runWrk(scenario, aim, round);
  }
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

/** One line of progress. */
export const inShort = (sample: Sample): string =>
  `${sample.cpuUs.toFixed(1)} µs, ${Math.round(sample.requestsPerSecond)}/s, ` +
  `p99 ${(sample.p99Us / 1000).toFixed(2)} ms, ${Math.round(sample.peakMiB)} MiB, ` +
  `core ${Math.round(sample.coreShare * 100)} %${sample.errors > 0 ? `, ${sample.errors} errors` : ""}`;
