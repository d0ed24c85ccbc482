/** What is wrong with a row, and the table. */
import { table as markdownTable } from "../../bench/report/markdown.ts";
import type { Row } from "./row.ts";
import { SCENARIOS } from "./scenarios.ts";

const CALM = ["calm", "calm, TLS"] as const;
/** What a runtime opens with its first requests of a kind. A leak leaves one file for each bad client, or for each tenth. */
const MOST_FILES_LEFT = 8;
/** Of resident memory: by a second wave, and in the second half of a long run. */
const [MOST_BY_WAVE, MOST_GROWTH] = [0.1, 0.05] as const;

export interface Judgement {
  /** Latencies below this are never too long, ms: a shared machine has its own. */
  readonly floorMs: number;
  /** Whether memory is judged. The short form's few clients are lost in what the process takes anyway. */
  readonly memory: boolean;
}

const latencyFaults = (row: Row, rows: readonly Row[], isTls: boolean, floorMs: number): string[] => {
  const p99Of = (contender: string, name: string): number =>
    rows.find((each) => each.contender === contender && each.scenario === name)?.p99 ?? 0;
  const calm = p99Of(row.contender, CALM[isTls ? 1 : 0]);
  const most = Math.max(floorMs, 2 * calm, 2 * p99Of("nginx", row.scenario));
  return (row.p99 ?? Infinity) > most ? [`p99 over ${most.toFixed(1)} ms`] : [];
};

/** Why `row` fails; empty where it holds. */
export const faults = (row: Row, rows: readonly Row[], { floorMs, memory }: Judgement): string[] => {
  const scenario = SCENARIOS.find(({ name }) => name === row.scenario);
  if (row.contender === "nginx" || scenario === undefined) return [];
  const { lost = 0, kibEach = 0, secondWave = 0, filesLeft = 0, inFlight = 0 } = row;
  const [growth = 0, resident = 1] = row.growth ?? [];
  return [
    ...(lost > 0 ? [`${lost} lost: ${JSON.stringify(row.failures)}`] : []),
    ...(row.growth === undefined ? latencyFaults(row, rows, scenario.tls === true, floorMs) : []),
    ...(memory && kibEach > (scenario.kibEach ?? Infinity) ? [`over ${scenario.kibEach} KiB each`] : []),
    ...(memory && secondWave > MOST_BY_WAVE ? ["second wave over 10 %"] : []),
    ...(filesLeft > MOST_FILES_LEFT ? [`${filesLeft} files left`] : []),
    ...(inFlight > 0 ? ["still in flight"] : []),
    ...(growth / resident > MOST_GROWTH ? ["memory grows"] : []),
  ];
};

const number = (value: number | null | undefined, digits = 0): string =>
  value === undefined || value === null ? "" : value.toFixed(digits);

const mebibytes = (kib: number): string => (kib / 1024).toFixed(0);

const cells = (row: Row, verdict: string): string[] => [
  `${row.scenario}${row.count > 0 ? `, ${row.count.toLocaleString("en")}` : ""}`,
  row.contender,
  row.sent === undefined ? "" : `${row.lost} of ${row.sent}`,
  number(row.p50, 1),
  number(row.p99, 1),
  row.growth === undefined
    ? number(row.kibEach, 1)
    : `${mebibytes(row.growth[1])} MiB, ${mebibytes(row.growth[0])} of them new`,
  row.secondWave === undefined ? "" : `${number(row.secondWave * 100)} %`,
  number(row.filesLeft),
  number(row.inFlight),
  verdict,
];

const HEAD = [
  "attack",
  "proxy",
  "honest requests lost",
  "p50 ms",
  "p99 ms",
  "KiB each",
  "second wave",
  "files left",
  "in flight",
  "",
];

export const table = (rows: readonly Row[], judgement: Judgement): string =>
  markdownTable(
    HEAD,
    SCENARIOS.flatMap(({ name }) => rows.filter(({ scenario }) => scenario === name)).map((row) =>
      cells(row, row.contender === "nginx" ? "" : faults(row, rows, judgement).join("; ") || "holds"),
    ),
  );
