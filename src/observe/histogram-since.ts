/** What a histogram counted between two readings. */
import type { HistogramValue, Point } from "./metric-reading.ts";

/** @param before an earlier value of the same series; undefined where there was none. */
export const histogramSince = (
  { sum, count, counts }: HistogramValue,
  before: Point["value"] | undefined,
): HistogramValue => {
  if (before === undefined || typeof before === "number") return { sum, count, counts };
  return {
    sum: sum - before.sum,
    count: count - before.count,
    counts: counts.map((each, index) => each - (before.counts[index] ?? 0)),
  };
};
