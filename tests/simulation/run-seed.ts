/** One run of the real upstream code under virtual time. */
import { seededRandom } from "../../runtimes/memory/random.ts";
import { RunLog, type Feature } from "./run-log.ts";
import type { Sabotage } from "./sabotage.ts";
import { type Scenario, scenarioOf } from "./scenario.ts";
import { Simulation } from "./simulation.ts";
import { EventClock } from "./event-clock.ts";
import type { Random } from "../../src/core/platform.ts";

export interface Run {
  readonly scenario: Scenario;
  readonly violations: readonly string[];
  /** How often each feature came up. */
  readonly features: ReadonlyMap<Feature, number>;
  readonly requests: number;
  readonly attempts: number;
  readonly failures: number;
}

export interface RunOptions {
  /** Called with a line for each thing that happens. */
  readonly trace?: ((line: string) => void) | undefined;
  readonly sabotage?: Sabotage | undefined;
}

export const runSeed = async (seed: number, { trace, sabotage }: RunOptions = {}): Promise<Run> => {
  const random = randomOf(seed);
  const scenario = scenarioOf(random);
  const clock = new EventClock();
  const log = new RunLog(clock, trace);
  const totals = await new Simulation({ scenario, random, clock, log, sabotage }).run();
  return { scenario, violations: log.violations, features: log.features, ...totals };
};

export const scenarioOfSeed = (seed: number): Scenario => scenarioOf(randomOf(seed));

const randomOf = (seed: number): Random => {
  // Near seeds begin alike in xorshift.
  const random = seededRandom(Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995);
  for (let i = 0; i < 8; i++) random.float();
  return random;
};
