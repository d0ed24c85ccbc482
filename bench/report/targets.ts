/** What the project set out to reach, and whether it did. */
import { RUNTIME_TITLES, type RuntimeName, type ScriptRuntime } from "../load/contender.ts";
import { bareFetchName } from "../load/contenders/bare.ts";
import { packageName } from "../load/contenders/fairlead.ts";
import type { LoadResults } from "../load/results.ts";
import { onRuntime } from "../load/scripted.ts";
import { maximum, median, minimum } from "../load/statistics.ts";
import type { MicroResults } from "../micro/results.ts";
import { type Measure, ratioOf, summaryOf } from "./figures.ts";
import { duration, figure, table } from "./markdown.ts";

const RUNTIMES = ["node", "deno", "bun"] as const;

const fairlead = (runtime: RuntimeName): string => onRuntime("Fairlead", runtime);
const before = (runtime: RuntimeName): string => onRuntime("Fairlead before", runtime);

type Limits = readonly [node: number, deno: number, bun: number];

/** Fairlead's command over nginx, on each runtime. */
interface NginxTarget {
  readonly title: string;
  readonly scenarios: readonly string[];
  readonly measure: Measure;
  readonly limits: Limits;
}

const cpu = (title: string, scenarios: readonly string[], limits: Limits): NginxTarget => ({
  title: `CPU ÷ nginx: ${title}`,
  scenarios,
  measure: "cpuUs",
  limits,
});

const NGINX_TARGETS: readonly NginxTarget[] = [
  cpu("GET 1 KiB, 64 connections", ["get-1k"], [1.5, 1.6, 1.6]),
  cpu("the same with a browser's fields (14, 900 bytes)", ["get-1k-browser"], [1.5, 1.6, 1.7]),
  cpu("POST 1 KiB", ["post-1k"], [1.5, 1.7, 1.7]),
  cpu("GET, POST 64 KiB", ["get-64k", "post-64k"], [0.9, 1.3, 1.3]),
  cpu("GET, POST 1 MiB", ["get-1m", "post-1m"], [0.8, 0.8, 0.7]),
  cpu("GET 1 KiB, 1,000 connections", ["get-1k-c1000"], [2, 2, 2]),
  cpu("GET 1 KiB over TLS", ["get-1k-tls"], [1.5, 1.6, 1.6]),
  cpu("full TLS handshakes, with a GET each", ["tls-handshakes"], [1.5, 1.5, 1.5]),
  cpu("WebSocket messages of 1 KiB, echoed", ["websocket-1k"], [1.4, 1.4, 1.4]),
  {
    title: "p99 ÷ nginx: saturated, 64 connections",
    scenarios: ["get-1k"],
    measure: "p99Us",
    limits: [3, 3, 3],
  },
  {
    title: "p99 ÷ nginx: at half of capacity",
    scenarios: ["get-1k-half"],
    measure: "p99Us",
    limits: [2, 2, 2],
  },
];

const PEAK_SCENARIO = "get-1k";
const PEAK_LIMITS: Limits = [120, 110, 90];
const START_LIMITS: Limits = [150, 150, 100];

/** A contender over another that is not nginx. */
interface PeerTarget {
  readonly title: string;
  readonly scenarios: readonly string[];
  readonly pair: readonly [contender: string, reference: string];
  readonly limit: number;
}

const PEER_TARGETS: readonly PeerTarget[] = [
  {
    title: "workerd, GET 1 KiB: CPU ≤ 1.3 × bare fetch",
    scenarios: ["get-1k"],
    pair: [fairlead("workerd"), bareFetchName("workerd")],
    limit: 1.3,
  },
  {
    title: "`proxyTo` in a Hono app on @hono/node-server, GET 1 KiB: CPU ≤ 0.4 × Hono's `proxy()`",
    scenarios: ["get-1k"],
    pair: ["proxyTo in Hono (Node)", "hono/proxy (Node)"],
    limit: 0.4,
  },
  ...RUNTIMES.map((runtime) => ({
    title: `examples/portable.ts on ${RUNTIME_TITLES[runtime]}, GET 1 KiB: CPU ≤ 1.7 × bare fetch`,
    scenarios: ["get-1k"],
    pair: [onRuntime("portable.ts", runtime), bareFetchName(runtime)] as const,
    limit: 1.7,
  })),
];

/** Asked only where the run had another checkout to compare with (`--before`). */
const BEFORE_TARGETS: readonly PeerTarget[] = RUNTIMES.map((runtime) => ({
  title: `${RUNTIME_TITLES[runtime]}, 1 MiB (GET, POST): CPU no more than before`,
  scenarios: ["get-1m", "post-1m"],
  pair: [fairlead(runtime), before(runtime)],
  limit: 1,
}));

/** The least that a load run has to measure for the targets: contenders by scenario. */
export const targetSamples = (): ReadonlyMap<string, ReadonlySet<string>> => {
  const needed = new Map<string, Set<string>>();
  const add = (scenarios: readonly string[], contenders: readonly string[]): void => {
    for (const scenario of scenarios) {
      const names = needed.get(scenario) ?? new Set();
      for (const name of contenders) names.add(name);
      needed.set(scenario, names);
    }
  };
  for (const { scenarios } of NGINX_TARGETS) add(scenarios, ["nginx", ...RUNTIMES.map(fairlead)]);
  for (const { scenarios, pair } of [...PEER_TARGETS, ...BEFORE_TARGETS]) add(scenarios, pair);
  return needed;
};

/** Contenders whose start the targets read. */
export const targetStarts = (): readonly string[] => RUNTIMES.map(packageName);

/** Two readings of one figure: of the minima, and of the medians or of each round. */
type Reading = readonly [byMinimum: number, byMedian: number];

interface Verdict {
  readonly shown: string;
  readonly reached: string;
}

const NOT_MEASURED: Verdict = { shown: "–", reached: "not measured" };

/** Reached by both readings; a minimum that alone is good enough is said to be just that. */
const judge = (readings: readonly (Reading | undefined)[], limit: number): Verdict => {
  const known = readings.filter((reading) => reading !== undefined);
  if (known.length < readings.length || known.length === 0) return NOT_MEASURED;
  const minima = maximum(known.map(([byMinimum]) => byMinimum));
  const medians = maximum(known.map(([, byMedian]) => byMedian));
  const reached = Math.max(minima, medians) <= limit ? "yes" : minima <= limit ? "by the minimum only" : "no";
  return { shown: known.map((reading) => reading.map(figure).join(" / ")).join(", "), reached };
};

const judgeRatios = (
  load: LoadResults | undefined,
  target: Pick<PeerTarget, "scenarios" | "pair" | "limit"> & { readonly measure?: Measure },
): Verdict => {
  const readings = target.scenarios.map((scenario): Reading | undefined => {
    const ratio = ratioOf(load, scenario, target.pair, target.measure);
    return ratio && [ratio.ofMinima, ratio.ofRounds];
  });
  return judge(readings, target.limit);
};

const judgePeak = (load: LoadResults | undefined, runtime: RuntimeName, limit: number): Verdict => {
  const peak = summaryOf(load, PEAK_SCENARIO, fairlead(runtime))?.peak;
  if (peak === undefined) return NOT_MEASURED;
  return { shown: figure(peak), reached: peak <= limit ? "yes" : "no" };
};

/** Milliseconds until the installed package listens, less those of an empty script on the same runtime. */
export const startBeyondEmpty = (
  load: LoadResults | undefined,
  runtime: ScriptRuntime,
): Reading | undefined => {
  const starts = load?.startUps[packageName(runtime)]?.map(({ listeningMs }) => listeningMs);
  const empty = load?.emptyStarts[runtime];
  if (starts === undefined || empty === undefined) return undefined;
  return [minimum(starts) - minimum(empty), median(starts) - median(empty)];
};

const cell = (limit: number, { shown, reached }: Verdict): string =>
  reached === "not measured" ? `≤ ${limit}: –` : `≤ ${limit}: ${shown}, ${reached}`;

/** The targets that each runtime has. */
const runtimeTable = (load: LoadResults | undefined): string => {
  const row = (title: string, limits: Limits, of: (runtime: ScriptRuntime, limit: number) => Verdict) => [
    title,
    ...RUNTIMES.map((runtime, i) => {
      const limit = limits[i] ?? Number.NaN;
      return cell(limit, of(runtime, limit));
    }),
  ];
  return table(
    ["target", ...RUNTIMES.map((runtime) => RUNTIME_TITLES[runtime])],
    [
      ...NGINX_TARGETS.map(({ title, scenarios, measure, limits }) =>
        row(title, limits, (runtime, limit) =>
          judgeRatios(load, { scenarios, measure, limit, pair: [fairlead(runtime), "nginx"] }),
        ),
      ),
      row("peak RSS, 64 connections, MiB", PEAK_LIMITS, (runtime, limit) => judgePeak(load, runtime, limit)),
      row(
        "start to listening, ms beyond an empty script, installed package",
        START_LIMITS,
        (runtime, limit) => judge([startBeyondEmpty(load, runtime)], limit),
      ),
    ],
  );
};

type Row = readonly [target: string, measured: string, reached: string];

const limitRow = (target: string, value: number | undefined, limit: number, shown: string): Row =>
  value === undefined ? [target, "–", "not measured"] : [target, shown, value <= limit ? "yes" : "no"];

const peerRows = (load: LoadResults | undefined): Row[] => {
  const rowOf = (target: PeerTarget): Row => {
    const { shown, reached } = judgeRatios(load, target);
    return [target.title, reached === "not measured" ? shown : `${shown} ×`, reached];
  };
  const compared = BEFORE_TARGETS.filter(
    ({ scenarios: [scenario = ""], pair }) => summaryOf(load, scenario, pair[1]) !== undefined,
  );
  return [...PEER_TARGETS, ...compared].map(rowOf);
};

const streamRows = (load: LoadResults | undefined): Row[] =>
  ([...RUNTIMES, "workerd"] as const).map((runtime) => {
    const name = fairlead(runtime);
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

/** Names of the micro benches that the targets read. */
export const CONFIG_LOAD = "load config, 1,000 routes";
export const GATEWAY_BUILD = "build gateway, 1,000 routes";

/** Measured in fresh processes, beside mitata. */
export const FIRST_LOAD = "load config, 1,000 routes, first in a process";

/** Both tables; what has not been measured says so. */
export const targetsSection = (load: LoadResults | undefined, micro: MicroResults | undefined): string => {
  const bundle = load?.workerBundleBytes;
  const others = table(
    ["target", "measured (minimum / median)", "reached"],
    [
      ...peerRows(load),
      microRow(micro, CONFIG_LOAD, "Config load, 1,000 routes < 10 ms", 10),
      microRow(micro, FIRST_LOAD, "The same, first in a process (nothing compiled yet) < 40 ms", 40),
      microRow(micro, GATEWAY_BUILD, "Gateway build, 1,000 routes < 100 ms", 100),
      ...streamRows(load),
      limitRow("Worker bundle ≤ 90 KB gzipped", bundle, 90_000, `${figure((bundle ?? 0) / 1000)} KB`),
    ],
  );
  return `${runtimeTable(load)}\n\n${others}`;
};
