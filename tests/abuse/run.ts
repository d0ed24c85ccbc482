/**
 * `npm run test:abuse`: bad clients beside honest ones, on every runtime, with nginx beside. Fails where an honest request is
 * lost, where their p99 is more than twice the calm one and more than twice nginx's, where a bad client costs too much memory,
 * or where something is left of it.
 *
 *   --short          fewer bad clients, all runtimes at once, no nginx: less than a minute
 *   --runtimes a,b   of nginx, node, deno, bun
 *   --only a,b       scenarios by a part of their names
 *   --seconds n      of honest requests in each scenario (5); --endurance n: of full load (180)
 *   --json FILE      adds the rows to those in the file, so that a run can be made in parts
 *   --record         writes the table into docs/abuse.md
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { replaceSection } from "../../bench/report/markdown.ts";
import { Child } from "../support/child.ts";
import type { RuntimeName } from "../support/runtimes.ts";
import { ROOT } from "../support/sources.ts";
import { type Contender, type Origins, startFairlead, startNginxProxy } from "./contender.ts";
import { fileLimit, pin } from "./process.ts";
import { BAD_NICENESS, NODE, OTHER_CORE, PROXY_CORE, type Pace, type Row, measure, script } from "./row.ts";
import { SCENARIOS, type Scenario } from "./scenarios.ts";
import { type Judgement, faults, table } from "./verdict.ts";

const { values: flags } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    runtimes: { type: "string" },
    only: { type: "string" },
    json: { type: "string" },
    record: { type: "boolean", default: false },
    seconds: { type: "string" },
    endurance: { type: "string" },
  },
});

const NAMES = (flags.runtimes ?? (flags.short ? "node,deno,bun" : "nginx,node,deno,bun")).split(",");
const PACE: Pace = {
  rate: 400,
  seconds: Number(flags.seconds ?? (flags.short ? 1 : 5)),
  enduranceSeconds: Number(flags.endurance ?? 180),
  settleMs: flags.short ? 300 : 1_500,
};
/** The short form runs beside other work, on machines of any kind: it finds what goes wrong by far. */
const JUDGEMENT: Judgement = flags.short ? { floorMs: 3_000, memory: false } : { floorMs: 5, memory: true };

/** Sockets of the bad clients' process, and some more. */
const FILES_NEEDED = 9_200;

const chosen = (): readonly Scenario[] => {
  const words = flags.only?.split(",");
  const named = SCENARIOS.filter(({ name }) => words?.some((word) => name.includes(word)) !== false);
  if (!flags.short) return named;
  return named.flatMap((scenario) =>
    scenario.short === undefined ? [] : [{ ...scenario, count: scenario.short, twice: false }],
  );
};

const originOf = async (niceness: string): Promise<{ readonly child: Child; readonly port: number }> => {
  const child = new Child("origin", "nice", ["-n", niceness, NODE, script("origin.ts")]);
  pin([child.pid], OTHER_CORE);
  const [, port] = await child.printed(/"port":(\d+)/);
  return { child, port: Number(port) };
};

const start = async (name: string, origins: Origins): Promise<Contender | undefined> => {
  const contender = await (name === "nginx"
    ? startNginxProxy(origins)
    : startFairlead(name as RuntimeName, origins));
  if (contender === undefined) process.stderr.write(`${name} is not on this machine\n`);
  else pin(contender.pids, PROXY_CORE);
  return contender;
};

type Shared = Map<string, Promise<Contender | undefined>>;

/** What is judged by memory gets a process of its own. */
const rowOf = async (
  name: string,
  scenario: Scenario,
  origins: Origins,
  shared: Shared,
): Promise<Row | undefined> => {
  const isAlone = !flags.short && scenario.kibEach !== undefined;
  const starting = (!isAlone && shared.get(name)) || start(name, origins);
  if (!isAlone) shared.set(name, starting);
  const contender = await starting;
  if (contender === undefined) return undefined;
  const row = await measure(contender, scenario, PACE);
  if (!contender.isRunning()) throw new Error(`${name} ended in "${scenario.name}"`);
  process.stderr.write(`${JSON.stringify(row)}\n`);
  if (isAlone) await contender.stop();
  return row;
};

/** Contenders take turns in each scenario, so that a slow spell of the machine hits all alike. */
const rowsOfAll = async (origins: Origins): Promise<Row[]> => {
  const rows: (Row | undefined)[] = [];
  const shared: Shared = new Map();
  for (const scenario of chosen()) {
    const row = (name: string): Promise<Row | undefined> => rowOf(name, scenario, origins, shared);
    if (flags.short) rows.push(...(await Promise.all(NAMES.map(row))));
    else for (const name of NAMES) rows.push(await row(name));
  }
  for (const contender of shared.values()) await (await contender)?.stop();
  return rows.filter((row) => row !== undefined);
};

/** Those of `rows` that stand for the same come in place of earlier ones. */
const merged = (earlier: readonly Row[], rows: readonly Row[]): Row[] => [
  ...earlier.filter(
    (old) =>
      !rows.some(({ contender, scenario }) => contender === old.contender && scenario === old.scenario),
  ),
  ...rows,
];

const earlier = (): Row[] =>
  flags.json !== undefined && existsSync(flags.json)
    ? (JSON.parse(readFileSync(flags.json, "utf8")) as Row[])
    : [];

const record = (text: string): void => {
  const page = join(ROOT, "docs/abuse.md");
  writeFileSync(page, replaceSection(readFileSync(page, "utf8"), "abuse", `\n${text}\n`));
};

const main = async (): Promise<number> => {
  const limit = fileLimit();
  if (!flags.short && limit < FILES_NEEDED) {
    process.stderr.write(
      `${limit} open files are allowed, ${FILES_NEEDED} needed: ulimit -n ${FILES_NEEDED}\n`,
    );
    return 1;
  }
  const origins = { honest: await originOf("0"), bad: await originOf(BAD_NICENESS) };
  const ports = { honest: origins.honest.port, bad: origins.bad.port };
  const taken = await rowsOfAll(ports);
  for (const { child } of Object.values(origins)) await child.stop();
  const rows = merged(earlier(), taken);
  if (flags.json !== undefined) writeFileSync(flags.json, JSON.stringify(rows, null, 1));
  const text = table(rows, JUDGEMENT);
  process.stdout.write(`${text}\n`);
  if (flags.record) record(text);
  return rows.length > 0 && rows.every((row) => faults(row, rows, JUDGEMENT).length === 0) ? 0 : 1;
};

process.exitCode = await main();
