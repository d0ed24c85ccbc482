/** What several threads have observed, as that of their process. */
import type { Instrument } from "./instrument.ts";
import { seriesKey } from "./metric-memory.ts";
import type { Observed, ObservedPoint, SeriesExemplars } from "./metric-reading.ts";
import type { Exemplar } from "./series.ts";

export const combined = (
  threads: readonly Observed[],
  instruments: ReadonlyMap<string, Instrument>,
): Observed => ({
  points: combinedPoints(
    threads.flatMap(({ points }) => points),
    instruments,
  ),
  exemplars: latest(threads.flatMap(({ exemplars }) => exemplars)),
});

/** Greatest of gauges (1 is "somewhere"), sums of everything else, where the instrument does not say otherwise. */
const ruleOf = (instrument: Instrument | undefined): "sum" | "max" =>
  instrument?.ofThreads ?? (instrument?.kind === "gauge" ? "max" : "sum");

const combinedPoints = (
  points: readonly ObservedPoint[],
  instruments: ReadonlyMap<string, Instrument>,
): readonly ObservedPoint[] => {
  const found = new Map<string, ObservedPoint>();
  for (const point of points) {
    const key = seriesKey(point);
    const before = found.get(key);
    const isGreatest = ruleOf(instruments.get(point.instrument)) === "max";
    const value =
      before === undefined
        ? point.value
        : isGreatest
          ? Math.max(before.value, point.value)
          : before.value + point.value;
    found.set(key, { ...point, value });
  }
  return [...found.values()];
};

/** Of each bucket the last one. */
const latest = (all: readonly SeriesExemplars[]): readonly SeriesExemplars[] => {
  const found = new Map<string, SeriesExemplars>();
  for (const series of all) {
    const before = found.get(seriesKey(series))?.exemplars;
    const exemplars = series.exemplars.map((each, bucket) => later(each, before?.[bucket]));
    found.set(seriesKey(series), { ...series, exemplars });
  }
  return [...found.values()];
};

const later = (one: Exemplar | undefined, other: Exemplar | undefined): Exemplar | undefined =>
  (one?.at ?? 0) >= (other?.at ?? 0) ? one : other;
