/** The command line of the load runs. */
import { parseArgs } from "node:util";
import { PARTS, type Part } from "./contender.ts";
import { SCENARIOS, type Scenario } from "./scenarios.ts";

export interface Settings {
  /** Lower-case pieces of contenders' names; undefined is all. */
  readonly only: readonly string[] | undefined;
  readonly scenarios: readonly Scenario[];
  readonly parts: readonly Part[];
  readonly rounds: number;
  readonly seconds: number;
  readonly warmupSeconds: number;
  readonly streamBytes: number;
  readonly enduranceSeconds: number;
  readonly requirePeers: boolean;
  /** Whether the numbers become the newest results and go into the report. */
  readonly record: boolean;
}

const HELP = `Usage: npm run bench:load -- [options]

Times Fairlead and its peers on this machine: proxy on one core, load generator and origin on the other.
Needs nginx and wrk (Debian: nginx-light wrk); HAProxy, Caddy and curl where they are installed.

  --only a,b              contenders whose names hold one of these (case does not matter); default all
  --scenarios a,b         of: ${SCENARIOS.map(({ name }) => name).join(", ")}
  --parts a,b             of: ${PARTS.join(", ")}; default all (checks always run)
  --rounds n              interleaved rounds of load and of start-up (default 5)
  --seconds n             length of one load sample (default 3)
  --warmup n              seconds of unrecorded load before each scenario, twice that before the first
                          (default 2; 0 is none)
  --stream-bytes n        moved each way in the streaming part (default 2147483648)
  --endurance-seconds n   length of the long run for each contender (default 60)
  --quick                 a look: 3 rounds of 1 s, 64 MiB streams, 5 s of endurance
  --record                take the numbers into bench/README.md and bench/chart.svg; the default unless
                          --only, --scenarios or --quick is given
  --require-peers         fail when a contender is missing (default when CI is set)
  --help

Raw numbers go to bench/results/. Exit codes: 0 done, 1 a contender failed or a required one is missing, 2 wrong
usage.
`;

const OPTIONS = {
  only: { type: "string" },
  scenarios: { type: "string" },
  parts: { type: "string" },
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

const whole = (name: string, given: string | undefined, fallback: number, least: number): number => {
  const value = given === undefined ? fallback : Number(given);
  if (Number.isInteger(value) && value >= least && value <= 2 ** 40) return value;
  return refuse(`--${name} must be a whole number from ${least}, not ${given}`);
};

/** Those of `known` that are named; all where nothing is. */
const chosen = <T>(
  name: string,
  given: string | undefined,
  known: readonly T[],
  nameOf: (item: T) => string,
): T[] => {
  if (given === undefined) return [...known];
  const words = given.split(",").map((word) => word.trim());
  const unknown = words.find((word) => !known.some((item) => nameOf(item) === word));
  if (unknown !== undefined) refuse(`--${name}: ${unknown} is none of ${known.map(nameOf).join(", ")}`);
  return known.filter((item) => words.includes(nameOf(item)));
};

/** Reads the arguments; `--help` and mistakes end the process. */
export const readSettings = (): Settings => {
  const flags = parsed();
  if (flags.help) {
    process.stdout.write(HELP);
    process.exit(0);
  }
  const { quick } = flags;
  return {
    only: flags.only?.toLowerCase().split(","),
    scenarios: chosen("scenarios", flags.scenarios, SCENARIOS, ({ name }) => name),
    parts: chosen("parts", flags.parts, PARTS, (part) => part),
    rounds: whole("rounds", flags.rounds, quick ? 3 : 5, 1),
    seconds: whole("seconds", flags.seconds, quick ? 1 : 3, 1),
    warmupSeconds: whole("warmup", flags.warmup, quick ? 1 : 2, 0),
    streamBytes: whole("stream-bytes", flags["stream-bytes"], quick ? 2 ** 26 : 2 ** 31, 1),
    enduranceSeconds: whole("endurance-seconds", flags["endurance-seconds"], quick ? 5 : 60, 1),
    requirePeers: flags["require-peers"] ?? (process.env["CI"] ?? "") !== "",
    record: flags.record ?? (!quick && flags.only === undefined && flags.scenarios === undefined),
  };
};
