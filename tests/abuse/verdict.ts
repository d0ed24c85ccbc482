/** What is wrong with a row, and the table. */
import { table as markdownTable } from "../../bench/report/markdown.ts";
import type { Row } from "./row.ts";
import { SCENARIOS } from "./scenarios.ts";

const CALM = ["calm", "calm, TLS"] as const;
/** Connections that are kept to the upstream. */
const KEPT_FILES = 300;
const MOST_GROWTH = 0.05;

export interface Judgement {
  /** Latencies below this are never too long, ms: a shared machine has its own. */
  readonly floorMs: number;
}

/** Why `row` fails; empty where it holds. */
export const faults = (row: Row, rows: readonly Row[], { floorMs }: Judgement): string[] => {
  const scenario = SCENARIOS.find(({ name }) => name === row.scenario);
  if (row.contender === "nginx" || scenario === undefined) return [];
  const p99Of = (contender: string, name: string): number =>
    rows.find((each) => each.contender === contender && each.scenario === name)?.p99 ?? 0;
  const calm = p99Of(row.contender, CALM[scenario.tls === true ? 1 : 0]);
  const most = Math.max(floorMs, 2 * calm, 2 * p99Of("nginx", row.scenario));
  const [growth = 0, resident = 1] = row.growth ?? [];
  const { lost = 0, kibEach = 0, secondWave = 0, filesLeft = 0, inFlight = 0 } = row;
  return [
    ...(lost > 0 ? [`${lost} lost: ${JSON.stringify(row.failures)}`] : []),
    ...(row.growth === undefined && (row.p99 ?? Infinity) > most ? [`p99 over ${most.toFixed(1)} ms`] : []),
    ...(kibEach > (scenario.kibEach ?? Infinity) ? [`over ${scenario.kibEach} KiB each`] : []),
    ...(secondWave > 1.1 ? ["second wave over 110 %"] : []),
    ...(filesLeft > KEPT_FILES ? ["files left"] : []),
    ...(inFlight > 0 ? ["still in flight"] : []),
    ...(growth / resident > MOST_GROWTH ? ["memory grows"] : []),
  ];
};

const number = (value: number | null | undefined, digits = 0): string =>
  value === undefined || value === null ? "" : value.toFixed(digits);

export const table = (rows: readonly Row[], judgement: Judgement): string =>
  markdownTable(
    [
      "scenario",
      "bad clients",
      "proxy",
      "lost",
      "p50 ms",
      "p99 ms",
      "KiB each",
      "second wave",
      "files left",
      "in flight",
      "",
    ],
    SCENARIOS.flatMap(({ name }) => rows.filter(({ scenario }) => scenario === name)).map((row) => [
      row.scenario,
      row.count.toLocaleString("en"),
      row.contender,
      row.sent === undefined ? "" : `${row.lost}/${row.sent}`,
      number(row.p50, 1),
      number(row.p99, 1),
      row.growth === undefined
        ? number(row.kibEach)
        : `${number(row.growth[1] / 1024)} MiB, ${number(row.growth[0] / 1024, 1)} of them new`,
      row.secondWave === undefined ? "" : `${number(row.secondWave * 100)} %`,
      number(row.filesLeft),
      number(row.inFlight),
      faults(row, rows, judgement).join("; "),
    ]),
  );
