/** The micro benches: `npm run bench:micro -- [pattern]`. With a pattern the report is left as it is. */
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { bench, group, run } from "mitata";
import { median, minimum, maximum } from "../load/statistics.ts";
import { FIRST_LOAD } from "../report/targets.ts";
import { saveResults } from "../report/results-file.ts";
import { writeReport } from "../report/write.ts";
import type { MicroResult, MicroResults } from "./results.ts";
import type { Suite } from "./suite.ts";

const COLD_RUNS = 5;
const pattern = process.argv[2];
const filter = new RegExp(pattern ?? "", "i");
const at = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** All suites, with the benches that were asked for. */
const chosenSuites = async (): Promise<Suite[]> => {
  const suites: Suite[] = [];
  for (const file of readdirSync(at("./")).toSorted()) {
    if (!file.endsWith(".bench.ts")) continue;
    const module = (await import(`./${file}`)) as { suites(): Suite[] };
    suites.push(...module.suites());
  }
  return suites
    .map(({ title, benches }) => ({
      title,
      benches: Object.fromEntries(Object.entries(benches).filter(([name]) => filter.test(name))),
    }))
    .filter(({ benches }) => Object.keys(benches).length > 0);
};

const measure = async (suites: readonly Suite[]): Promise<MicroResult[]> => {
  const groups = new Map<string, string>();
  for (const { title, benches } of suites) {
    group(title, () => {
      for (const [name, task] of Object.entries(benches)) {
        groups.set(name, title);
        bench(name, task);
      }
    });
  }
  const { benchmarks } = await run({ throw: true });
  return benchmarks.flatMap(({ runs }) =>
    runs.flatMap(({ name, stats }) =>
      stats === undefined
        ? []
        : {
            group: groups.get(name) ?? "",
            name,
            min: stats.min,
            p50: stats.p50,
            p99: stats.p99,
            heapBytes: stats.heap?.avg,
          },
    ),
  );
};

/** A process's first load, whose code is not compiled yet: what a start pays. */
const coldLoad = (): MicroResult => {
  const runs = Array.from(
    { length: COLD_RUNS },
    () => Number(execFileSync(process.execPath, [at("cold-load.ts")], { encoding: "utf8" })) * 1e6,
  );
  return {
    group: "config and plan",
    name: FIRST_LOAD,
    min: minimum(runs),
    p50: median(runs),
    p99: maximum(runs),
    heapBytes: undefined,
  };
};

const results = await measure(await chosenSuites());
const taken: MicroResults = {
  takenAt: new Date().toISOString(),
  machine: { CPU: cpus()[0]?.model ?? "unknown", Node: process.version },
  results: pattern === undefined ? [...results, coldLoad()] : results,
};
saveResults("micro", taken, pattern === undefined ? "latest" : "dated");
if (pattern === undefined) writeReport();
