/** Quantiles and rates from histograms. */
import { histogramSince } from "./histogram-since.ts";
import type { AttributeValues, Instrument } from "./instrument.ts";
import type { HistogramValue, Point, Reading } from "./metric-registry.ts";

/**
 * The value below which a share `quantile` (0 to 1) of all values lies: interpolated inside of the bucket that holds it, as
 * Prometheus's `histogram_quantile` does. Values above the last bound count as that bound. Undefined where there is none.
 */
export const quantileOf = (
  { count, counts }: HistogramValue,
  bounds: readonly number[],
  quantile: number,
): number | undefined => {
  if (count === 0) return undefined;
  const rank = quantile * count;
  let below = 0;
  for (const [index, inside] of counts.entries()) {
    const upper = bounds[index];
    if (upper === undefined) break;
    if (inside > 0 && below + inside >= rank) {
      const lower = index === 0 ? 0 : (bounds[index - 1] ?? 0);
      return lower + (upper - lower) * Math.max(0, (rank - below) / inside);
    }
    below += inside;
  }
  return bounds.at(-1) ?? 0;
};

/** How requests of one route, upstream or endpoint went. */
export interface RequestSummary {
  /** Values of the attributes that it is by. */
  readonly by: readonly (string | number | undefined)[];
  readonly requests: number;
  /** Of those, how many failed: with an `error.type` other than a status that is the client's fault (4xx). */
  readonly failures: number;
  /** Share that did not fail; undefined without requests. */
  readonly successRate: number | undefined;
  /** In the unit of the instrument. */
  readonly p50: number | undefined;
  readonly p95: number | undefined;
  readonly p99: number | undefined;
}

/**
 * Sums up the series of a duration histogram by some of its attributes.
 *
 * @param before an earlier reading, to sum up only what came since. @default everything since the start
 */
export const summarise = (
  now: Reading,
  by: readonly string[],
  before?: Reading,
): readonly RequestSummary[] => {
  const { instrument } = now;
  const places = by.map((name) => instrument.attributes.indexOf(name));
  const errorAt = instrument.attributes.indexOf("error.type");
  const earlier = new Map(before?.points.map((point) => [JSON.stringify(point.attributes), point.value]));
  const groups = new Map<string, Group>();
  for (const point of now.points) {
    const { attributes } = point;
    const value = since(point, earlier.get(JSON.stringify(attributes)));
    if (value === undefined) continue;
    const values = attributes === "overflow" ? [attributes] : places.map((place) => attributes[place]);
    const key = JSON.stringify(values);
    const group = groups.get(key) ?? newGroup(values, instrument);
    groups.set(key, group);
    add(group, value, attributes !== "overflow" && isFailureType(attributes[errorAt]));
  }
  return Array.from(groups.values(), (group) => summaryOf(group, instrument));
};

const isFailureType = (errorType: string | number | undefined): boolean =>
  errorType !== undefined && !/^4\d\d$/.test(String(errorType));

interface Group {
  readonly by: AttributeValues;
  readonly counts: number[];
  count: number;
  sum: number;
  failures: number;
}

const newGroup = (by: AttributeValues, { bounds = [] }: Instrument): Group => ({
  by,
  counts: Array.from({ length: bounds.length + 1 }, () => 0),
  count: 0,
  sum: 0,
  failures: 0,
});

const since = ({ value }: Point, before: Point["value"] | undefined): HistogramValue | undefined => {
  if (typeof value === "number") return undefined;
  return histogramSince(value, before);
};

const add = (group: Group, { sum, count, counts }: HistogramValue, failed: boolean): void => {
  group.sum += sum;
  group.count += count;
  if (failed) group.failures += count;
  for (const [index, each] of counts.entries()) group.counts[index] = (group.counts[index] ?? 0) + each;
};

const summaryOf = (group: Group, { bounds = [] }: Instrument): RequestSummary => {
  const { by, count, failures } = group;
  const at = (quantile: number): number | undefined => quantileOf(group, bounds, quantile);
  return {
    by,
    requests: count,
    failures,
    successRate: count === 0 ? undefined : 1 - failures / count,
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
  };
};
