/** Observed values of several threads as those of their process. */
import type { Instrument } from "./instrument.ts";
import { seriesKey } from "./metric-memory.ts";
import type { ObservedPoint } from "./metric-registry.ts";

/** Greatest of gauges (1 is "somewhere"), sums of everything else, where the instrument does not say otherwise. */
const ruleOf = (instrument: Instrument | undefined): "sum" | "max" =>
  instrument?.ofThreads ?? (instrument?.kind === "gauge" ? "max" : "sum");

export const combined = (
  threads: readonly (readonly ObservedPoint[])[],
  instruments: ReadonlyMap<string, Instrument>,
): readonly ObservedPoint[] => {
  const found = new Map<string, ObservedPoint>();
  for (const point of threads.flat()) {
    const key = seriesKey(point);
    const before = found.get(key);
    if (before === undefined) found.set(key, point);
    else {
      const value =
        ruleOf(instruments.get(point.instrument)) === "max"
          ? Math.max(before.value, point.value)
          : before.value + point.value;
      found.set(key, { ...point, value });
    }
  }
  return [...found.values()];
};
