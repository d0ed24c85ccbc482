/** Load results, read the way the tables need them. */
import { bareFetchName } from "../load/contenders/bare.ts";
import type { LoadResults } from "../load/results.ts";
import type { Sample } from "../load/sample.ts";
import { maximum, median, minimum } from "../load/statistics.ts";

/** Several samples of one contender and scenario. CPU in µs a request, times in ms, memory in MiB. */
export interface Summary {
  readonly rounds: number;
  readonly cpuMin: number;
  readonly cpuMedian: number;
  readonly requestsPerSecond: number;
  readonly mebibytesPerSecond: number;
  readonly p50: number;
  readonly p99Min: number;
  readonly p99Median: number;
  /** Of all rounds. */
  readonly peak: number;
  readonly coreShare: number;
  readonly errors: number;
}

export const summarise = (samples: readonly Sample[]): Summary => ({
  rounds: samples.length,
  cpuMin: minimum(samples.map(({ cpuUs }) => cpuUs)),
  cpuMedian: median(samples.map(({ cpuUs }) => cpuUs)),
  requestsPerSecond: median(samples.map(({ requestsPerSecond }) => requestsPerSecond)),
  mebibytesPerSecond: median(samples.map(({ mebibytesPerSecond }) => mebibytesPerSecond)),
  p50: median(samples.map(({ p50Us }) => p50Us)) / 1000,
  p99Min: minimum(samples.map(({ p99Us }) => p99Us)) / 1000,
  p99Median: median(samples.map(({ p99Us }) => p99Us)) / 1000,
  peak: maximum(samples.map((sample) => sample.peakMiB)),
  coreShare: median(samples.map(({ coreShare }) => coreShare)),
  errors: samples.reduce((sum, { errors }) => sum + errors, 0),
});

const samplesOf = (
  results: LoadResults | undefined,
  scenario: string,
  contender: string,
): readonly Sample[] => results?.samples[scenario]?.[contender] ?? [];

export const summaryOf = (
  results: LoadResults | undefined,
  scenario: string,
  contender: string,
): Summary | undefined => {
  const samples = samplesOf(results, scenario, contender);
  return samples.length === 0 ? undefined : summarise(samples);
};

/** Two readings of how one contender compares with another. */
export interface Ratio {
  /** Minimum of the rounds over minimum of the rounds. */
  readonly ofMinima: number;
  /** Median of the ratios within each round. */
  readonly ofRounds: number;
}

/** What is compared of two contenders. */
export type Measure = "cpuUs" | "p99Us";

/** Undefined where either was not measured, or never both in one round. */
export const ratioOf = (
  results: LoadResults | undefined,
  scenario: string,
  [contender, reference]: readonly [string, string],
  measure: Measure = "cpuUs",
): Ratio | undefined => {
  const own = samplesOf(results, scenario, contender);
  const others = samplesOf(results, scenario, reference);
  const ratios: number[] = [];
  for (const sample of own) {
    const other = others.find(({ round }) => round === sample.round);
    if (other !== undefined) ratios.push(sample[measure] / other[measure]);
  }
  if (ratios.length === 0) return undefined;
  const least = (samples: readonly Sample[]): number => minimum(samples.map((sample) => sample[measure]));
  return { ofMinima: least(own) / least(others), ofRounds: median(ratios) };
};

/** The bare proxy over the `fetch` of the same runtime; undefined for what has no runtime and for itself. */
export const bareOf = (results: LoadResults, contender: string): string | undefined => {
  const runtime = results.contenders.find(({ name }) => name === contender)?.runtime;
  const bare = runtime && bareFetchName(runtime);
  return bare === contender ? undefined : bare;
};
