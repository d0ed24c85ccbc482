/** The tables of a load run. */
import type { LoadResults } from "../load/results.ts";
import { SCENARIOS } from "../load/scenarios.ts";
import { median, minimum } from "../load/statistics.ts";
import { type Summary, bareOf, summaryOf } from "./figures.ts";
import { details, figure, table } from "./markdown.ts";

const percent = (share: number): string => `${Math.round(share * 100)} %`;
const milliseconds = (values: readonly number[]): string =>
  `${figure(minimum(values))} / ${figure(median(values))}`;

const bold = (results: LoadResults, name: string): string =>
  results.contenders.find((contender) => contender.name === name)?.group === "fairlead"
    ? `**${name}**`
    : name;

const timesOf = (own: Summary, other: Summary | undefined): string =>
  other === undefined ? "–" : figure(own.cpuMin / other.cpuMin);

/** One scenario, every column. */
export const scenarioTable = (results: LoadResults, scenario: string): string => {
  const head = [
    "contender",
    "CPU µs/request, min",
    "median",
    "× nginx",
    "× own bare",
    "requests/s",
    "MiB/s",
    "p50 ms",
    "p99 ms",
    "peak RSS MiB",
    "core",
    "errors",
  ];
  const nginx = summaryOf(results, scenario, "nginx");
  const rows: string[][] = [];
  for (const { name } of results.contenders) {
    const own = summaryOf(results, scenario, name);
    if (own === undefined) continue;
    const bare = bareOf(results, name);
    rows.push([
      bold(results, name),
      figure(own.cpuMin),
      figure(own.cpuMedian),
      timesOf(own, nginx),
      bare === undefined ? "–" : timesOf(own, summaryOf(results, scenario, bare)),
      figure(own.requestsPerSecond),
      figure(own.mebibytesPerSecond),
      figure(own.p50),
      figure(own.p99),
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
        return `${figure(own.cpuMin)} (${timesOf(own, summaryOf(results, scenario.name, "nginx"))})`;
      }),
    ]);
  return table(["contender", ...scenarios.map(({ title }) => title)], rows);
};

const startUpTable = (results: LoadResults): string =>
  table(
    ["contender", "listening, ms min / median", "first answer, ms min / median"],
    Object.entries(results.startUps).map(([name, runs]) => [
      bold(results, name),
      milliseconds(runs.map(({ listeningMs }) => listeningMs)),
      milliseconds(runs.map(({ answeredMs }) => answeredMs)),
    ]),
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
    `Taken ${results.takenAt.slice(0, 10)}: ${rounds} interleaved rounds of ${seconds} s each, ` +
      `${warmupSeconds} s of warm-up before each scenario.`,
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
