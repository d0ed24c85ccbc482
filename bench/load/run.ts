/** The load runs: `npm run bench:load -- --help`. */
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeReport } from "../report/write.ts";
import { saveResults } from "../report/results-file.ts";
import { startCheckOrigin } from "./check-origin.ts";
import { stopAll, stopAllWithThisProcess } from "./children.ts";
import type { Contender } from "./contender.ts";
import { divideCores } from "./cores.ts";
import { describeMachine } from "./machine.ts";
import { runEndurance, runStreams } from "./memory.ts";
import { startOrigin } from "./origin.ts";
import { type Bench, removeFolder, runChecks, runLoads, runStartUps } from "./parts.ts";
import { missingProgram } from "./programs.ts";
import type { LoadResults } from "./results.ts";
import { SCENARIOS } from "./scenarios.ts";
import { benchFile } from "./scripted.ts";

const HELP = `Usage: npm run bench:load -- [options]

Times Fairlead and its peers on this machine: proxy on one core, load generator and origin on the other.
Needs nginx and wrk (Debian: nginx-light wrk); HAProxy, Caddy and curl where they are installed.

  --only a,b              contenders whose names hold one of these (case does not matter); default all
  --scenarios a,b         of: ${SCENARIOS.map(({ name }) => name).join(", ")}
  --parts a,b             of: load, startup, streaming, endurance; default all (checks always run)
  --rounds n              interleaved rounds of load and of start-up (default 5)
  --seconds n             length of one load sample (default 3)
  --warmup n              seconds of unrecorded load before each scenario (default 2; 0 is none)
  --stream-bytes n        moved each way in the streaming part (default 2147483648)
  --endurance-seconds n   length of the long run for each contender (default 60)
  --quick                 3 rounds of 1 s, 64 MiB streams, 5 s of endurance
  --require-peers         fail when a contender is missing (default when CI is set)
  --no-report             leave bench/README.md and bench/chart.svg as they are
  --help

Raw numbers go to bench/results/. Exit codes: 0 done, 1 a check failed or a contender was required, 2 wrong usage.
`;

const options = {
  only: { type: "string" },
  scenarios: { type: "string" },
  parts: { type: "string" },
  rounds: { type: "string" },
  seconds: { type: "string" },
  warmup: { type: "string" },
  "stream-bytes": { type: "string" },
  "endurance-seconds": { type: "string" },
  quick: { type: "boolean" },
  "require-peers": { type: "boolean" },
  "no-report": { type: "boolean" },
  help: { type: "boolean" },
} as const;

const PARTS = ["load", "startup", "streaming", "endurance"];

const usage = (message: string): never => {
  process.stderr.write(`${message}\nTry: npm run bench:load -- --help\n`);
  process.exit(2);
};

const readFlags = () => {
  try {
    return parseArgs({ options, allowPositionals: false }).values;
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error));
  }
};

const flags = readFlags();
if (flags.help === true) {
  process.stdout.write(HELP);
  process.exit(0);
}

const number = (
  name: "rounds" | "seconds" | "warmup" | "stream-bytes" | "endurance-seconds",
  full: number,
  quick: number,
): number => {
  const given = flags[name];
  const value = given === undefined ? (flags.quick === true ? quick : full) : Number(given);
  if (!Number.isInteger(value) || value < (name === "warmup" ? 0 : 1) || value > 2 ** 40) {
    return usage(`--${name} must be a whole number, not ${given}`);
  }
  return value;
};

const list = (name: "only" | "scenarios" | "parts", known?: readonly string[]): string[] | undefined => {
  const names = flags[name]?.split(",").map((word) => word.trim());
  const unknown = names?.find((word) => known !== undefined && !known.includes(word));
  if (unknown !== undefined) return usage(`--${name}: ${unknown} is none of ${known?.join(", ")}`);
  return names;
};

/** Order of groups in a round and in the tables; by name within. */
const GROUPS = ["fairlead", "server", "library", "bare"];

const allContenders = async (): Promise<Contender[]> => {
  const files = readdirSync(benchFile("contenders/")).filter((file) => file.endsWith(".ts"));
  const found: Contender[] = [];
  for (const file of files.toSorted()) {
    const module = (await import(`./contenders/${file}`)) as { contender: Contender };
    found.push(module.contender);
  }
  return found.toSorted((a, b) => GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group));
};

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const main = async (): Promise<number> => {
  const parts = list("parts", PARTS) ?? PARTS;
  const only = list("only")?.map((word) => word.toLowerCase());
  const scenarioNames = list(
    "scenarios",
    SCENARIOS.map(({ name }) => name),
  );
  const rounds = number("rounds", 5, 3);
  const seconds = number("seconds", 3, 1);
  const warmupSeconds = number("warmup", 2, 1);
  const streamBytes = number("stream-bytes", 2 ** 31, 2 ** 26);
  const enduranceSeconds = number("endurance-seconds", 60, 5);
  const requirePeers = flags["require-peers"] ?? (process.env["CI"] ?? "") !== "";

  for (const program of ["nginx", "wrk"]) {
    const why = missingProgram(program);
    if (why === undefined) continue;
    say(`The load runs can't be made: ${why}.`);
    return requirePeers ? 1 : 0;
  }
  const chosen = (await allContenders()).filter(
    ({ name }) => only === undefined || only.some((word) => name.toLowerCase().includes(word)),
  );
  const skipped: Record<string, string> = {};
  for (const contender of chosen) {
    const why = contender.missing();
    if (why === undefined) continue;
    skipped[contender.name] = why;
    say(`skipped ${contender.name}: ${why}`);
  }
  const contenders = chosen.filter(({ name }) => skipped[name] === undefined);
  if (requirePeers && Object.keys(skipped).length > 0) return 1;
  if (contenders.length === 0) return usage("no contender is left to run");

  const cores = divideCores();
  const folder = mkdtempSync(join(tmpdir(), "fairlead-bench-"));
  stopAllWithThisProcess(() => removeFolder(folder));
  const bulk = await startCheckOrigin();
  const origin = await startOrigin(folder, cores.load, bulk.port, streamBytes);
  const whole: Bench = { contenders, cores, folder, originPort: origin.port, say };
  const checks = await runChecks(whole);
  const sound = contenders.filter(({ name }) => checks[name]?.failures.length === 0);
  for (const { name } of contenders) {
    if (sound.some((contender) => contender.name === name)) continue;
    skipped[name] = `failed its checks: ${checks[name]?.failures[0]?.split("\n")[0] ?? ""}`;
  }
  const bench: Bench = { ...whole, contenders: sound };
  const own: Bench = { ...bench, contenders: sound.filter(({ group }) => group !== "library") };
  const scenarios = SCENARIOS.filter(({ name }) => scenarioNames?.includes(name) ?? true);
  const mix = SCENARIOS.find(({ name }) => name === "mix");
  const curlMissing = missingProgram("curl");
  if (parts.includes("streaming") && curlMissing !== undefined) say(`streaming left out: ${curlMissing}`);

  const results: LoadResults = {
    takenAt: new Date().toISOString(),
    machine: describeMachine(cores),
    settings: { rounds, seconds, warmupSeconds },
    contenders: contenders.map(({ name, group, runtime }) => ({ name, group, runtime })),
    skipped,
    checks,
    samples: parts.includes("load")
      ? await runLoads(bench, { scenarios, rounds, seconds, warmupSeconds })
      : {},
    startUps: parts.includes("startup") ? await runStartUps(bench, rounds) : {},
    streams:
      parts.includes("streaming") && curlMissing === undefined ? await runStreams(own, streamBytes) : {},
    endurance:
      parts.includes("endurance") && mix !== undefined ? await runEndurance(own, mix, enduranceSeconds) : {},
  };
  saveResults("load", results);
  bulk.server.close();
  bulk.server.closeAllConnections();
  if (flags["no-report"] !== true) writeReport();
  return sound.length === contenders.length ? 0 : 1;
};

let code = 1;
try {
  code = await main();
} finally {
  await stopAll();
}
process.exit(code);
