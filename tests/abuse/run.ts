/**
 * `npm run test:abuse`: bad clients beside honest ones, on every runtime, with nginx beside. Fails where an honest request is
 * lost, where their p99 is more than twice the calm one and more than twice nginx's, where a bad client costs too much memory,
 * or where something is left of it.
 *
 *   --short          fewer bad clients, for a shorter time, and no endurance
 *   --runtimes a,b   of nginx, node, deno, bun
 *   --only a,b       scenarios by a part of their names
 *   --json FILE      adds the rows to those in the file, so that a run can be made in parts
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Child } from "../support/child.ts";
import type { RuntimeName } from "../support/runtimes.ts";
import { type Contender, type Origins, startFairlead, startNginxProxy } from "./contender.ts";
import { fileLimit, pin } from "./process.ts";
import { BAD_NICENESS, NODE, OTHER_CORE, PROXY_CORE, type Pace, type Row, measure, script } from "./row.ts";
import { SCENARIOS, type Scenario } from "./scenarios.ts";
import { type Judgement, faults, table } from "./verdict.ts";

const { values: flags } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    runtimes: { type: "string", default: "nginx,node,deno,bun" },
    only: { type: "string" },
    json: { type: "string" },
    seconds: { type: "string" },
    endurance: { type: "string" },
  },
});

const PACE: Pace = {
  rate: 400,
  seconds: Number(flags.seconds ?? (flags.short ? 1 : 5)),
  enduranceSeconds: Number(flags.endurance ?? 180),
};
/** The short form runs beside other work, on machines of any kind. */
const JUDGEMENT: Judgement = { floorMs: flags.short ? 250 : 5 };

/** Sockets of a client, and some for the process itself. */
const FILES_NEEDED = 9_200;

const chosen = (): readonly Scenario[] => {
  const words = flags.only?.split(",");
  return SCENARIOS.filter(({ name, endurance }) =>
    words === undefined ? !(flags.short && endurance === true) : words.some((word) => name.includes(word)),
  ).map((scenario) =>
    flags.short ? { ...scenario, count: scenario.short ?? Math.ceil(scenario.count / 4) } : scenario,
  );
};

const start = (name: string, origins: Origins): Promise<Contender | undefined> =>
  name === "nginx" ? startNginxProxy(origins) : startFairlead(name as RuntimeName, origins);

const originOf = async (niceness: string): Promise<{ readonly child: Child; readonly port: number }> => {
  const child = new Child("origin", "nice", ["-n", niceness, NODE, script("origin.ts")]);
  pin([child.pid], OTHER_CORE);
  const [, port] = await child.printed(/"port":(\d+)/);
  return { child, port: Number(port) };
};

const earlier = (): Row[] =>
  flags.json !== undefined && existsSync(flags.json)
    ? (JSON.parse(readFileSync(flags.json, "utf8")) as Row[])
    : [];

const main = async (): Promise<number> => {
  const limit = fileLimit();
  if (!flags.short && limit < FILES_NEEDED) {
    process.stderr.write(
      `${limit} open files are allowed, ${FILES_NEEDED} are needed: ulimit -n ${FILES_NEEDED}\n`,
    );
    return 1;
  }
  const origins = { honest: await originOf("0"), bad: await originOf(BAD_NICENESS) };
  const ports = { honest: origins.honest.port, bad: origins.bad.port };
  let rows = earlier();
  for (const name of flags.runtimes.split(",")) {
    const contender = await start(name, ports);
    if (contender === undefined) continue;
    pin(contender.pids, PROXY_CORE);
    for (const scenario of chosen()) {
      const row = await measure(contender, scenario, PACE);
      if (!contender.isRunning()) throw new Error(`${name} ended in "${scenario.name}"`);
      rows = [...rows.filter((each) => each.contender !== name || each.scenario !== scenario.name), row];
      process.stderr.write(`${JSON.stringify(row)}\n`);
    }
    await contender.stop();
  }
  for (const { child } of Object.values(origins)) await child.stop();
  if (flags.json !== undefined) writeFileSync(flags.json, JSON.stringify(rows, null, 1));
  process.stdout.write(`${table(rows, JUDGEMENT)}\n`);
  return rows.every((row) => faults(row, rows, JUDGEMENT).length === 0) ? 0 : 1;
};

process.exitCode = await main();
