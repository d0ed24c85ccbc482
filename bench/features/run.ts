/**
 * What features cost a request inside the gateway: `npm run bench:features -- [rounds]`. Prints the table of bench/README.md.
 *
 * Takes turns with new processes, so that a slow spell of the machine hits all features alike.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ScriptRuntime } from "../load/contender.ts";
import { scriptLaunch } from "../load/scripted.ts";
import { minimum } from "../load/statistics.ts";
import { table } from "../report/markdown.ts";
import { FEATURES, type Feature } from "./features.ts";

const RUNTIMES: readonly ScriptRuntime[] = ["node", "deno", "bun"];
const ROUNDS = Number(process.argv[2] ?? 5);
const script = fileURLToPath(new URL("measure.ts", import.meta.url));

/** The cheapest round of a process, in microseconds. */
const measured = (runtime: ScriptRuntime, feature: Feature): number => {
  const { command, args } = scriptLaunch(runtime, script, [feature]);
  const printed = execFileSync(command, args, { encoding: "utf8" });
  return minimum(JSON.parse(printed.trimEnd().split("\n").at(-1) ?? "") as number[]);
};

const costs = new Map<string, number[]>();
for (let round = 1; round <= ROUNDS; round += 1) {
  for (const runtime of RUNTIMES) {
    for (const feature of FEATURES) {
      const cost = measured(runtime, feature);
      console.error(`${round}/${ROUNDS} ${runtime} ${feature}: ${cost.toFixed(2)} µs`);
      const key = `${runtime} ${feature}`;
      costs.set(key, [...(costs.get(key) ?? []), cost]);
    }
  }
}

const least = (runtime: ScriptRuntime, feature: Feature): number =>
  minimum(costs.get(`${runtime} ${feature}`) ?? []);

const cell = (runtime: ScriptRuntime, feature: Feature): string => {
  const cost = least(runtime, feature);
  if (feature === "nothing") return cost.toFixed(1);
  return `${cost.toFixed(1)} (+${(cost - least(runtime, "nothing")).toFixed(1)})`;
};

console.log(
  table(
    ["CPU µs/request, minimum", "Node", "Deno", "Bun"],
    FEATURES.map((feature) => [feature, ...RUNTIMES.map((runtime) => cell(runtime, feature))]),
  ),
);
