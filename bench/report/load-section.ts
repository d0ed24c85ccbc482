/** The tables of a load run. */
import type { LoadResults } from "../load/results.ts";
import { SCENARIOS } from "../load/scenarios.ts";
import { median, minimum } from "../load/statistics.ts";
import { bareOf, ratioOf, summaryOf } from "./figures.ts";
import { details, figure, table } from "./markdown.ts";

const percent = (share: number): string => `${Math.round(share * 100)} %`;
const milliseconds = (values: readonly number[]): string =>
  `${figure(minimum(values))} / ${figure(median(values))}`;

const bold = (results: LoadResults, name: string): string =>
  results.contenders.find((contender) => contender.name === name)?.group === "fairlead"
    ? `**${name}**`
    : name;

/** CPU of `name` over that of `reference`. */
const times = (
  results: LoadResults,
  scenario: string,
  name: string,
  reference: string | undefined,
): string => {
  const ratio = reference === undefined ? undefined : ratioOf(results, scenario, [name, reference]);
  return ratio === undefined ? "–" : `${figure(ratio.ofMinima)} / ${figure(ratio.ofRounds)}`;
};

/** One scenario, every column. Two figures are the minimum and the median. */
export const scenarioTable = (results: LoadResults, scenario: string): string => {
  const head = [
    "contender",
    "CPU µs/request",
    "× nginx",
    "× bare fetch",
    "requests/s",
    "MiB/s",
    "p50 ms",
    "p99 ms",
    "peak RSS MiB",
    "core",
    "errors",
  ];
  const rows: string[][] = [];
  for (const { name } of results.contenders) {
    const own = summaryOf(results, scenario, name);
    if (own === undefined) continue;
    rows.push([
      bold(results, name),
      `${figure(own.cpuMin)} / ${figure(own.cpuMedian)}`,
      times(results, scenario, name, "nginx"),
      times(results, scenario, name, bareOf(results, name)),
      figure(own.requestsPerSecond),
      figure(own.mebibytesPerSecond),
      figure(own.p50),
      `${figure(own.p99Min)} / ${figure(own.p99Median)}`,
      figure(own.peak),
      percent(own.coreShare),
      String(own.errors),
    ]);
  }
  return table(head, rows);
};

const measured = (results: LoadResults): typeof SCENARIOS =>
  SCENARIOS.filter(({ name }) => results.samples[name] !== undefined);

/** CPU of every scenario side by side, with the ratio to nginx. */
const matrix = (results: LoadResults): string => {
  const scenarios = measured(results);
  const rows = results.contenders
    .filter(({ name }) => scenarios.some((scenario) => summaryOf(results, scenario.name, name) !== undefined))
    .map(({ name }) => [
      bold(results, name),
      ...scenarios.map((scenario) => {
        const own = summaryOf(results, scenario.name, name);
        if (own === undefined) return "–";
        const ratio = ratioOf(results, scenario.name, [name, "nginx"]);
        return `${figure(own.cpuMin)} (${figure(ratio?.ofMinima)})`;
      }),
    ]);
  return table(["contender", ...scenarios.map(({ title }) => title)], rows);
};

const startUpTable = (results: LoadResults): string =>
  table(
    ["contender", "listening, ms min / median", "first answer, ms min / median"],
    [
      ...Object.entries(results.startUps).map(([name, runs]) => [
        bold(results, name),
        milliseconds(runs.map(({ listeningMs }) => listeningMs)),
        milliseconds(runs.map(({ answeredMs }) => answeredMs)),
      ]),
      ...Object.entries(results.emptyStarts).map(([runtime, runs]) => [
        `empty script on ${runtime}, to its end`,
        milliseconds(runs),
        "–",
      ]),
    ],
  );

const idleTable = (results: LoadResults): string =>
  table(
    ["contender", "RSS, MiB"],
    Object.entries(results.idleMiB).map(([name, mebibytes]) => [bold(results, name), figure(mebibytes)]),
  );

const streamTable = (results: LoadResults): string =>
  table(
    ["contender", "down MiB/s", "RSS growth MiB", "up MiB/s", "RSS growth MiB"],
    Object.entries(results.streams).map(([name, { down, up }]) => [
      bold(results, name),
      figure(down.mebibytesPerSecond),
      figure(down.peakMiB - down.restMiB),
      figure(up.mebibytesPerSecond),
      figure(up.peakMiB - up.restMiB),
    ]),
  );

const enduranceTable = (results: LoadResults): string =>
  table(
    ["contender", "seconds", "requests", "RSS at start", "at the end", "peak", "trend MiB/min", "errors"],
    Object.entries(results.endurance).map(([name, run]) => [
      bold(results, name),
      String(run.seconds),
      figure(run.requests),
      figure(run.startMiB),
      figure(run.endMiB),
      figure(run.peakMiB),
      figure(run.slopeMiBPerMinute),
      String(run.errors),
    ]),
  );

const hygieneTable = (results: LoadResults): string => {
  const rules = Object.keys(Object.values(results.checks).find(({ hygiene }) => hygiene)?.hygiene ?? {});
  return table(
    ["contender", ...rules],
    Object.entries(results.checks)
      .filter(([, { failures }]) => failures.length === 0)
      .map(([name, { hygiene }]) => [
        bold(results, name),
        ...rules.map((rule) => (hygiene[rule] === true ? "yes" : "no")),
      ]),
  );
};

const filled = (record: object): boolean => Object.keys(record).length > 0;

/** Everything between the markers. */
export const loadSection = (results: LoadResults): string => {
  const { rounds, seconds, warmupSeconds } = results.settings;
  const parts = [
    `Taken ${results.takenAt.slice(0, 10)}: ${rounds} interleaved rounds of ${seconds} s for each contender, ` +
      `each after ${warmupSeconds} s of warm-up. Two figures are the minimum and the median. ` +
      `Right before, ${percent(results.busyShare)} of the machine was in use.`,
    table(
      ["machine", ""],
      Object.entries(results.machine).map(([what, value]) => [what, value]),
    ),
  ];
  if (filled(results.skipped)) {
    const lines = Object.entries(results.skipped).map(([name, why]) => `- ${name}: ${why}`);
    parts.push(`Not measured:\n\n${lines.join("\n")}`);
  }
  if (results.samples["get-1k"] !== undefined) {
    parts.push(`### GET 1 KiB, 64 connections\n\n${scenarioTable(results, "get-1k")}`);
  }
  if (filled(results.samples)) {
    parts.push(`### CPU µs per request, minimum (× nginx)\n\n${matrix(results)}`);
    for (const { name, title } of measured(results)) {
      if (name !== "get-1k") parts.push(details(`${title}: all columns`, scenarioTable(results, name)));
    }
  }
  if (filled(results.startUps)) parts.push(`### Start-up\n\n${startUpTable(results)}`);
  if (filled(results.idleMiB)) {
    parts.push(details("Memory of the idle process, after its first answer", idleTable(results)));
  }
  if (filled(results.streams)) {
    const bytes = Object.values(results.streams)[0]?.down.bytes ?? 0;
    parts.push(`### Streaming ${figure(bytes / 2 ** 30)} GiB each way\n\n${streamTable(results)}`);
  }
  if (filled(results.endurance)) {
    parts.push(`### Memory over a long run of the realistic mix (MiB)\n\n${enduranceTable(results)}`);
  }
  if (filled(results.checks)) parts.push(`### What each does to header fields\n\n${hygieneTable(results)}`);
  return parts.join("\n\n");
};
