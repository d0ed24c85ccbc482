/** Rows as lines of a table that fits the width: the least important columns go first, then names are cut. */
import type { Style } from "../style.ts";
import { clipped, fitted, visible, widthOf } from "./cell.ts";
import type { Row, Tone } from "./rows.ts";
import { countText, latencyText, rateText, shareText } from "./units.ts";

interface Column {
  readonly title: string;
  /** 0 is never left out; of the others, the highest goes first. */
  readonly rank: number;
  cell(row: Row): string;
  tone?(row: Row): Tone;
}

const GAP = "  ";
const INDENT = "  ";
/** Names are not cut below this to keep a column. */
const LEAST_NAME = 24;
/** A share of failures from which a row is red. */
const BAD_SHARE = 0.05;

const failedTone = ({ failed = 0 }: Row): Tone =>
  failed === 0 ? "plain" : failed < BAD_SHARE ? "warning" : "bad";
const breakerTone = ({ breaker }: Row): Tone =>
  breaker === "open" ? "bad" : breaker === "half-open" ? "warning" : "plain";
const healthTone = ({ health }: Row): Tone =>
  health === "down" ? "bad" : health === "unknown" ? "warning" : "plain";

const FIGURES: readonly Column[] = [
  { title: "REQ/S", rank: 2, cell: ({ rate }) => rateText(rate) },
  { title: "FAILED", rank: 3, cell: ({ failed }) => shareText(failed), tone: failedTone },
  { title: "P50", rank: 9, cell: ({ p50 }) => latencyText(p50) },
  { title: "P95", rank: 8, cell: ({ p95 }) => latencyText(p95) },
  { title: "P99", rank: 5, cell: ({ p99 }) => latencyText(p99) },
];

export const ROUTE_COLUMNS: readonly Column[] = FIGURES;

export const UPSTREAM_COLUMNS: readonly Column[] = [
  { title: "STATE", rank: 1, cell: ({ state }) => state, tone: ({ tone }) => tone },
  { title: "HEALTH", rank: 7, cell: ({ health }) => health, tone: healthTone },
  { title: "BREAKER", rank: 6, cell: ({ breaker }) => breaker, tone: breakerTone },
  ...FIGURES,
  {
    title: "IN FLIGHT",
    rank: 4,
    cell: ({ inFlight }) => (inFlight === undefined ? "" : countText(inFlight)),
  },
  { title: "WEIGHT", rank: 10, cell: ({ weight }) => (weight === undefined ? "" : countText(weight)) },
];

const TEXT_COLUMNS: ReadonlySet<string> = new Set(["STATE", "HEALTH", "BREAKER"]);

export interface TableOptions {
  /** Of the first column. */
  readonly title: string;
  readonly columns: readonly Column[];
  /** In cells. */
  readonly width: number;
  readonly style: Style;
}

interface Line {
  readonly row: Row;
  readonly name: string;
  readonly cells: readonly string[];
}

/** The heading and a line a row, endpoints below their upstream. */
export const tableLines = (rows: readonly Row[], options: TableOptions): readonly string[] => {
  const { title, width, style } = options;
  const all = linesOf(rows, options.columns);
  const widest = options.columns.map((column, index) =>
    Math.max(widthOf(column.title), ...all.map(({ cells }) => widthOf(cells[index] ?? ""))),
  );
  const names = Math.max(widthOf(title), ...all.map(({ name }) => widthOf(name)));
  const kept = columnsWithin(options.columns, widest, width - Math.min(names, LEAST_NAME));
  const taken = kept.reduce((sum, index) => sum + (widest[index] ?? 0) + GAP.length, 0);
  const nameWidth = Math.max(0, Math.min(names, width - taken));
  const line = (name: string, cellAt: (index: number) => string): string =>
    [fitted(name, nameWidth), ...kept.map(cellAt)].join(GAP).trimEnd();
  const aligned = (text: string, index: number): string =>
    fitted(
      text,
      widest[index] ?? 0,
      TEXT_COLUMNS.has(options.columns[index]?.title ?? "") ? "left" : "right",
    );
  return [
    style.bold(line(title, (index) => aligned(options.columns[index]?.title ?? "", index))),
    ...all.map(({ row, name, cells }) =>
      line(name, (index) =>
        toned(aligned(cells[index] ?? "", index), options.columns[index]?.tone?.(row) ?? "plain", style),
      ),
    ),
  ];
};

const linesOf = (rows: readonly Row[], columns: readonly Column[], indent: string = ""): readonly Line[] =>
  rows.flatMap((row) => [
    { row, name: indent + visible(row.name), cells: columns.map((column) => visible(column.cell(row))) },
    ...linesOf(row.below, columns, indent + INDENT),
  ]);

/** Indexes of the columns that fit into `room` beside the names. */
const columnsWithin = (
  columns: readonly Column[],
  widths: readonly number[],
  room: number,
): readonly number[] => {
  const byRank = columns.map((_, index) => index).toSorted((a, b) => rankAt(columns, a) - rankAt(columns, b));
  const kept = new Set<number>();
  let left = room;
  for (const index of byRank) {
    left -= (widths[index] ?? 0) + GAP.length;
    if (left < 0) break;
    kept.add(index);
  }
  return columns.map((_, index) => index).filter((index) => kept.has(index));
};

const rankAt = (columns: readonly Column[], index: number): number => columns[index]?.rank ?? 0;

const toned = (text: string, tone: Tone, style: Style): string => {
  switch (tone) {
    case "good":
      return style.green(text);
    case "warning":
      return style.yellow(text);
    case "bad":
      return style.red(text);
    case "plain":
      return text;
  }
};

/** `text` as a line of its own. */
export const lineOf = (text: string, width: number): string => clipped(visible(text), width);
