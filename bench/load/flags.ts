/** The command line of the load runs. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { targetSamples, targetStarts } from "../report/targets.ts";
import { type Contender, GROUPS, PARTS, type Part } from "./contender.ts";
import type { LoadSettings, TakesPart } from "./load.ts";
import { chosenContenders, roster } from "./roster.ts";
import { SCENARIOS, type Scenario } from "./scenarios.ts";

export interface Settings extends LoadSettings {
  readonly parts: readonly Part[];
  readonly streamBytes: number;
  readonly enduranceSeconds: number;
  readonly requirePeers: boolean;
  /** Whether the numbers become the newest results and go into the report. */
  readonly record: boolean;
  /** Whether the table of targets is printed at the end. */
  readonly showTargets: boolean;
  readonly profile: boolean;
}

/** What was asked for. */
export interface Order {
  readonly settings: Settings;
  readonly contenders: readonly Contender[];
  readonly takesPart: TakesPart;
  /** Whether the start of a contender is timed. */
  readonly isStarted: (contender: Contender) => boolean;
}

const OTHER_PARTS = PARTS.filter((part) => part !== "load");

const HELP = `Usage: npm run bench:load -- [options]

Times Fairlead and its peers on this machine: proxy on one core, load generator and origin on the other.
Needs nginx and wrk (Debian: nginx-light wrk); HAProxy, Caddy, curl and gcc where they are installed.

What is run:
  --only a,b              scenarios and other parts; default all
                          scenarios: ${SCENARIOS.map(({ name }) => name).join(", ")}
                          other parts: ${OTHER_PARTS.join(", ")}
  --scenario a,b          the same as --only
  --contenders a,b        ids (* stands for any characters) or groups; default all, in the less telling scenarios
                          without groups that no target is about
                          groups: ${GROUPS.join(", ")}
                          ids: ${roster(undefined)
                            .map(({ id }) => id)
                            .join(", ")}
  --targets               only what the table of targets needs, and the table at the end
  --before DIR            also before-node, before-deno, before-bun: bin/fairlead.ts of another checkout (with its
                          node_modules)
  --resilience            also resilient-node, plain-node, …: two endpoints with health checks, breaker, P2C, retry and
                          budget on, and with all of it off
  --logging               also log-json-node, log-combined-node, observed-node, …, nginx-log: with an access log
                          to a file, by itself and with metrics and traces
  --telemetry             also metrics-node, …: with metrics counted, and scraped by nobody
  --profile               no measurement: each contender on Node, Deno or Bun once, with the runtime's CPU profiler;
                          prints where the .cpuprofile is and the functions with the most self time

How long:
  --rounds n              interleaved rounds of load and of start-up (default 5)
  --seconds n             length of one load sample (default 3)
  --warmup n              seconds of unrecorded load right before each sample, twice that in the first round
                          (default 1; 0 is none)
  --stream-bytes n        moved each way in the streaming part (default 2147483648)
  --endurance-seconds n   length of the long run for each contender (default 60)
  --quick                 a look: 3 rounds of 1 s, 64 MiB streams, 5 s of endurance

What becomes of it:
  --record                take the numbers into bench/README.md and bench/chart.svg; the default when everything is
                          run at full length
  --require-peers         fail when a contender is missing (default when CI is set)
  --help

Raw numbers go to bench/results/. Exit codes: 0 done, 1 a contender failed or a required one is missing, 2 wrong
usage.
`;

const OPTIONS = {
  only: { type: "string" },
  scenario: { type: "string" },
  contenders: { type: "string" },
  targets: { type: "boolean", default: false },
  before: { type: "string" },
  resilience: { type: "boolean" },
  logging: { type: "boolean" },
  telemetry: { type: "boolean" },
  profile: { type: "boolean", default: false },
  rounds: { type: "string" },
  seconds: { type: "string" },
  warmup: { type: "string" },
  "stream-bytes": { type: "string" },
  "endurance-seconds": { type: "string" },
  quick: { type: "boolean", default: false },
  record: { type: "boolean" },
  "require-peers": { type: "boolean" },
  help: { type: "boolean", default: false },
} as const;

/** Says what is wrong and ends with exit code 2. */
export const refuse = (message: string): never => {
  process.stderr.write(`${message}\nTry: npm run bench:load -- --help\n`);
  process.exit(2);
};

const parsed = () => {
  try {
    return parseArgs({ options: OPTIONS, allowPositionals: false }).values;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
};

type Flags = ReturnType<typeof parsed>;

const whole = (name: string, given: string | undefined, fallback: number, least: number): number => {
  const value = given === undefined ? fallback : Number(given);
  if (Number.isInteger(value) && value >= least && value <= 2 ** 40) return value;
  return refuse(`--${name} must be a whole number from ${least}, not ${given}`);
};

const words = (given: string): string[] => given.split(",").map((word) => word.trim());

type Asked = Pick<Settings, "scenarios" | "parts">;

/** Scenarios and parts by name. A scenario implies the part "load", and "load" alone all scenarios. */
const chosenWork = (given: string | undefined, targets: boolean): Asked => {
  const needed = targetSamples();
  const all = targets ? SCENARIOS.filter(({ name }) => needed.has(name)) : SCENARIOS;
  const allParts: readonly Part[] = targets ? ["load", "startup"] : PARTS;
  if (given === undefined) return { scenarios: all, parts: allParts };
  const asked = words(given);
  const known: string[] = [...all.map(({ name }) => name), ...allParts];
  const unknown = asked.find((word) => !known.includes(word));
  if (unknown !== undefined) refuse(`--only: ${unknown} is none of ${known.join(", ")}`);
  const scenarios = asked.includes("load") ? all : all.filter(({ name }) => asked.includes(name));
  const parts = allParts.filter((part) => (part === "load" ? scenarios.length > 0 : asked.includes(part)));
  return { scenarios, parts };
};

const chosenPeople = (flags: Flags): readonly Contender[] => {
  const everybody = roster(flags.before === undefined ? undefined : resolve(flags.before), {
    resilience: flags.resilience,
    logging: flags.logging,
    telemetry: flags.telemetry,
  });
  if (flags.contenders === undefined) return everybody;
  try {
    return chosenContenders(everybody, words(flags.contenders));
  } catch (error) {
    if (error instanceof RangeError) return refuse(error.message);
    throw error;
  }
};

const isAble = ({ needs }: Scenario, { abilities = [] }: Contender): boolean =>
  needs === undefined || abilities.includes(needs);

/** Whoever was named takes part in whatever was named and it can do; where nothing was, scenarios know their groups. */
const participation = (flags: Flags): TakesPart => {
  const isAsked = askedOf(flags);
  return (scenario, contender) => isAble(scenario, contender) && isAsked(scenario, contender);
};

const askedOf = (flags: Flags): TakesPart => {
  if (flags.targets) {
    const needed = targetSamples();
    return (scenario, { name }) => needed.get(scenario.name)?.has(name) ?? false;
  }
  if (flags.contenders !== undefined) return () => true;
  return ({ groups }: Scenario, { group }) => groups.includes(group);
};

const everythingAtFullLength = (flags: Flags): boolean =>
  !flags.quick &&
  !flags.targets &&
  !flags.profile &&
  flags.before === undefined &&
  flags.resilience !== true &&
  flags.logging !== true &&
  flags.telemetry !== true &&
  flags.only === undefined &&
  flags.scenario === undefined &&
  flags.contenders === undefined;

const settingsOf = (flags: Flags): Settings => {
  const { quick } = flags;
  if (flags.only !== undefined && flags.scenario !== undefined) {
    refuse("--only and --scenario are the same: give one of them");
  }
  const work = chosenWork(flags.only ?? flags.scenario, flags.targets);
  return {
    ...work,
    rounds: whole("rounds", flags.rounds, quick ? 3 : 5, 1),
    seconds: whole("seconds", flags.seconds, quick ? 1 : 3, 1),
    warmupSeconds: whole("warmup", flags.warmup, 1, 0),
    streamBytes: whole("stream-bytes", flags["stream-bytes"], quick ? 2 ** 26 : 2 ** 31, 1),
    enduranceSeconds: whole("endurance-seconds", flags["endurance-seconds"], quick ? 5 : 60, 1),
    requirePeers: flags["require-peers"] ?? (process.env["CI"] ?? "") !== "",
    record: flags.record ?? everythingAtFullLength(flags),
    showTargets: flags.targets,
    profile: flags.profile,
  };
};

/** Reads the arguments; `--help` and mistakes end the process. */
export const readOrder = (): Order => {
  const flags = parsed();
  if (flags.help) {
    process.stdout.write(HELP);
    process.exit(0);
  }
  const settings = settingsOf(flags);
  const takesPart = participation(flags);
  const starts = targetStarts();
  const isStarted = ({ name }: Contender): boolean => !flags.targets || starts.includes(name);
  const isNeeded = (contender: Contender): boolean =>
    settings.parts.some((part) => {
      if (!(contender.parts ?? PARTS).includes(part)) return false;
      if (part === "load") return settings.scenarios.some((scenario) => takesPart(scenario, contender));
      return part !== "startup" || isStarted(contender);
    });
  return { settings, takesPart, isStarted, contenders: chosenPeople(flags).filter(isNeeded) };
};
