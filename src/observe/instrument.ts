/** What is measured: a name, a unit, and the attributes that tell its series apart. */

/**
 * A counter only grows. An up-down counter is a sum that may fall again. A gauge is a value of the moment, which can't be summed
 * over time. A histogram counts values by size.
 */
export type InstrumentKind = "counter" | "up-down-counter" | "gauge" | "histogram";

/** Follows OpenTelemetry's conventions for names, units (UCUM) and attributes. */
export interface Instrument {
  /** Dotted, lower case. */
  readonly name: string;
  /** `s`, `By`, `1`, or what is counted: `{request}`. */
  readonly unit: string;
  readonly about: string;
  readonly kind: InstrumentKind;
  /** Names of its attributes, in the order of `AttributeValues`. */
  readonly attributes: readonly string[];
  /** Upper bounds of a histogram's buckets, each inclusive and in rising order; one more takes what is above them. */
  readonly bounds?: readonly number[] | undefined;
  /**
   * What the value of a process is, of observed values of its threads. @default the greatest of gauges, the sum of others
   */
  readonly ofThreads?: "sum" | "max" | undefined;
}

/** Values of an instrument's attributes; undefined leaves an attribute out. */
export type AttributeValues = readonly (string | number | undefined)[];

/** OpenTelemetry's advice for durations of HTTP requests, in seconds. */
export const DURATION_BOUNDS: readonly number[] = Object.freeze([
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
]);

/** Of bodies, in bytes: powers of 4 from 256 B to 256 MiB. */
export const SIZE_BOUNDS: readonly number[] = Object.freeze(
  Array.from({ length: 11 }, (_, power) => 256 * 4 ** power),
);

/** Numbers that a series of `instrument` takes: a value, or the sum of a histogram and its buckets. */
export const slotsOf = ({ kind, bounds }: Instrument): number =>
  kind === "histogram" ? 2 + (bounds?.length ?? 0) : 1;
