/** Load results, read the way the tables need them. */
import type { LoadResults } from "../load/results.ts";
import { median, minimum } from "../load/statistics.ts";
import type { Sample } from "../load/wrk.ts";

/** Several samples of one contender and scenario. CPU in µs a request, times in ms, memory in MiB. */
export interface Summary {
  readonly rounds: number;
  readonly cpuMin: number;
  readonly cpuMedian: number;
  readonly requestsPerSecond: number;
  readonly mebibytesPerSecond: number;
  readonly p50: number;
  readonly p99: number;
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
  p99: median(samples.map(({ p99Us }) => p99Us)) / 1000,
  peak: median(samples.map(({ peakMiB }) => peakMiB)),
  coreShare: median(samples.map(({ coreShare }) => coreShare)),
  errors: samples.reduce((sum, { errors }) => sum + errors, 0),
});

export const summaryOf = (
  results: LoadResults | undefined,
  scenario: string,
  contender: string,
): Summary | undefined => {
  const samples = results?.samples[scenario]?.[contender];
  return samples === undefined || samples.length === 0 ? undefined : summarise(samples);
};

/** Minimum over minimum and median over median of two contenders' CPU. */
export interface Ratio {
  readonly ofMinima: number;
  readonly ofMedians: number;
}

export const cpuRatio = (
  results: LoadResults | undefined,
  scenario: string,
  contender: string,
  reference: string,
): Ratio | undefined => {
  const own = summaryOf(results, scenario, contender);
  const other = summaryOf(results, scenario, reference);
  if (own === undefined || other === undefined) return undefined;
  return { ofMinima: own.cpuMin / other.cpuMin, ofMedians: own.cpuMedian / other.cpuMedian };
};

/** The bare proxy on the same runtime. */
export const bareOf = (results: LoadResults, contender: string): string | undefined => {
  const runtime = results.contenders.find(({ name }) => name === contender)?.runtime;
  return runtime === undefined
    ? undefined
    : results.contenders.find((other) => other.group === "bare" && other.runtime === runtime)?.name;
};
