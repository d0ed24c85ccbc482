/** The table of a run, as Markdown. */
import { LINEAR } from "./policies.ts";
import type { LoadResult } from "./virtual-load.ts";

export interface PolicyResult {
  readonly policy: string;
  readonly requests: number;
  /** Microseconds over each number of endpoints. */
  readonly costs: readonly number[];
  readonly latency: LoadResult;
}

const ms = (value: number): string => value.toFixed(value < 100 ? 1 : 0);
const us = (value: number): string => value.toFixed(value < 10 ? 2 : 0);

export const scaleTable = (
  results: readonly PolicyResult[],
  best: LoadResult,
  counts: readonly number[],
): string => {
  const head = [
    "policy",
    ...counts.map((count) => `${count.toLocaleString("en")} endpoints, µs`),
    "p50, ms",
    "p99, ms",
    "p99.9, ms",
    "to slow endpoints",
  ];
  const rows = results.map(({ policy, costs, latency }) => [
    LINEAR.has(policy) ? `${policy} ¹` : policy,
    ...costs.map(us),
    ms(latency.p50),
    ms(latency.p99),
    ms(latency.p999),
    `${(latency.slowShare * 100).toFixed(1)} %`,
  ]);
  rows.push(["theoretical best", ...counts.map(() => ""), ms(best.p50), ms(best.p99), ms(best.p999), "0 %"]);
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    "# Balancing at scale",
    "",
    "Written by `npm run bench:scale`. The first columns are the cost of one attempt (pick, lease, breaker, settle) and how it",
    "grows with the number of endpoints. The others are the latencies of 10 million virtual requests over 10,000 endpoints,",
    "every tenth of which takes five times as long; the theoretical best knows every endpoint's speed and never waits.",
    "",
    line(head),
    line(head.map(() => "---")),
    ...rows.map(line),
    "",
    "¹ Looks at every endpoint for each pick: 200,000 requests over 1,000 endpoints.",
    "",
    "![Tail latency of each policy](balancing-scale.svg)",
    "",
  ].join("\n");
};
