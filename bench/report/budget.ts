/** What the project set out to reach, and whether it did. */
import type { LoadResults } from "../load/results.ts";
import { maximum, median, minimum } from "../load/statistics.ts";
import type { MicroResults } from "../micro/results.ts";
import { type Ratio, cpuRatio } from "./figures.ts";
import { duration, figure, table } from "./markdown.ts";

type Row = readonly [target: string, measured: string, reached: string];

/** One row; the median decides, and a minimum that alone is good enough is said to be just that. */
const ratioRow = (target: string, limit: number, ratios: readonly (Ratio | undefined)[]): Row => {
  const known = ratios.filter((ratio) => ratio !== undefined);
  if (known.length < ratios.length || known.length === 0) return [target, "–", "not measured"];
  const minima = known.map(({ ofMinima }) => ofMinima);
  const medians = known.map(({ ofMedians }) => ofMedians);
  const shown = known.map(({ ofMinima, ofMedians }) => `${figure(ofMinima)} / ${figure(ofMedians)}`);
  const reached = maximum(medians) <= limit ? "yes" : maximum(minima) <= limit ? "by the minimum only" : "no";
  return [target, `${shown.join(", ")} ×`, reached];
};

const limitRow = (target: string, value: number | undefined, limit: number, shown: string): Row =>
  value === undefined ? [target, "–", "not measured"] : [target, shown, value <= limit ? "yes" : "no"];

const node = "Fairlead (Node)";
const deno = "Fairlead (Deno)";
const bun = "Fairlead (Bun)";
const workerd = "Fairlead (workerd)";

const loadRows = (load: LoadResults | undefined): Row[] => {
  const small = (contender: string, reference: string): Ratio | undefined =>
    cpuRatio(load, "get-1k", contender, reference);
  const large = (contender: string): (Ratio | undefined)[] =>
    ["get-1m", "post-1m"].map((scenario) => cpuRatio(load, scenario, contender, "nginx"));
  return [
    ratioRow("Node, GET 1 KiB: CPU ≤ 2.5 × nginx", 2.5, [small(node, "nginx")]),
    ratioRow("Node, GET 1 KiB: CPU below Caddy", 1, [small(node, "Caddy")]),
    ratioRow("Bun, GET 1 KiB: CPU ≤ 1.7 × nginx", 1.7, [small(bun, "nginx")]),
    ratioRow("Deno, GET 1 KiB: CPU ≤ 1.2 × bare fetch", 1.2, [small(deno, "bare fetch (Deno)")]),
    ratioRow("workerd, GET 1 KiB: CPU ≤ 1.15 × bare fetch", 1.15, [small(workerd, "bare fetch (workerd)")]),
    ratioRow("Node, 1 MiB (GET, POST): CPU ≤ 1.8 × nginx", 1.8, large(node)),
    ratioRow("Deno, 1 MiB (GET, POST): CPU ≤ nginx", 1, large(deno)),
    ratioRow("Bun, 1 MiB (GET, POST): CPU ≤ nginx", 1, large(bun)),
  ];
};

const startUpRow = (load: LoadResults | undefined): Row => {
  const [name, runs] =
    Object.entries(load?.startUps ?? {}).find(([command]) => command.startsWith("fairlead start")) ?? [];
  const times = runs?.map(({ listeningMs }) => listeningMs) ?? [];
  const shown = `${figure(minimum(times))} / ${figure(median(times))} ms (${name})`;
  const value = times.length === 0 ? undefined : median(times);
  return limitRow("Node: process start to listening < 250 ms", value, 250, shown);
};

const streamRows = (load: LoadResults | undefined): Row[] =>
  [node, deno, bun, workerd].map((name) => {
    const found = load?.streams[name];
    const target = `${name}: streaming 2 GiB each way grows RSS by < 64 MiB`;
    if (found === undefined || found.down.bytes < 2 ** 31) return [target, "–", "not measured"];
    const down = found.down.peakMiB - found.down.restMiB;
    const up = found.up.peakMiB - found.up.restMiB;
    return limitRow(target, Math.max(down, up), 64, `${figure(down)} MiB down, ${figure(up)} MiB up`);
  });

const microRow = (micro: MicroResults | undefined, name: string, target: string, limitMs: number): Row => {
  const found = micro?.results.find((result) => result.name === name);
  return limitRow(
    target,
    found && found.p50 / 1e6,
    limitMs,
    found === undefined ? "" : `${duration(found.min)} / ${duration(found.p50)}`,
  );
};

/** Names of the micro benches that the budget reads. */
export const CONFIG_LOAD = "load config, 1,000 routes";
export const GATEWAY_BUILD = "build gateway, 1,000 routes";

/** Measured in fresh processes, beside mitata. */
export const FIRST_LOAD = "load config, 1,000 routes, first in a process";

/** The table; what has not been measured says so. */
export const budgetSection = (load: LoadResults | undefined, micro: MicroResults | undefined): string => {
  const bundle = load?.workerBundleBytes;
  return table(
    ["target", "measured (minimum / median)", "reached"],
    [
      ...loadRows(load),
      microRow(micro, CONFIG_LOAD, "Config load, 1,000 routes < 10 ms", 10),
      microRow(micro, FIRST_LOAD, "The same, first in a process (nothing compiled yet)", 10),
      microRow(micro, GATEWAY_BUILD, "Gateway build, 1,000 routes < 100 ms", 100),
      startUpRow(load),
      ...streamRows(load),
      limitRow("Worker bundle ≤ 90 KB gzipped", bundle, 90_000, `${figure((bundle ?? 0) / 1000)} KB`),
    ],
  );
};
