/** What a metric reads as. Plain data. */
import type { AttributeValues, Instrument } from "./instrument.ts";
import type { SeriesName } from "./metric-memory.ts";
import type { Exemplar } from "./series.ts";

/** What a histogram holds. */
export interface HistogramValue {
  readonly sum: number;
  readonly count: number;
  /** One for each bound, and one for what is above them. */
  readonly counts: readonly number[];
}

/** One series as it was when it was read. */
export interface Point {
  /** "overflow" holds all series beyond the limit of the instrument. */
  readonly attributes: AttributeValues | "overflow";
  readonly value: number | HistogramValue;
  /** Of a histogram, an example for each bucket that has one. */
  readonly exemplars?: readonly (Exemplar | undefined)[] | undefined;
  /** Of a series that was forgotten, when it began anew, in milliseconds since 1970. Others began with the registry. */
  readonly startedAt?: number | undefined;
}

/** An instrument with all its series. */
export interface Reading {
  readonly instrument: Instrument;
  readonly points: readonly Point[];
}

/** What is not in memory that threads share. */
export interface Observed {
  readonly points: readonly ObservedPoint[];
  readonly exemplars: readonly SeriesExemplars[];
}

/** Of a histogram, an example for each bucket that has one. */
export interface SeriesExemplars extends SeriesName {
  readonly exemplars: NonNullable<Point["exemplars"]>;
}

/** A value that an observer has found. */
export interface ObservedPoint {
  /** Its name. */
  readonly instrument: string;
  readonly attributes: AttributeValues;
  readonly value: number;
}

/** The value of a series, from what its slots hold. */
export const valueOf = ({ kind }: Instrument, slots: Float64Array): number | HistogramValue =>
  kind === "histogram" ? histogramOf(slots) : (slots[0] ?? 0);

const histogramOf = (slots: Float64Array): HistogramValue => {
  const [sum = 0, ...counts] = slots;
  return { sum, counts, count: counts.reduce((all, each) => all + each, 0) };
};

/** The number itself, or how many values a histogram holds. */
export const countOf = (value: Point["value"]): number => (typeof value === "number" ? value : value.count);
