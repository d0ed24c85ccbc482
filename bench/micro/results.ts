/** What a micro run leaves behind: bench/results/micro-latest.json. */

export interface MicroResult {
  readonly group: string;
  readonly name: string;
  /** Nanoseconds an iteration. */
  readonly min: number;
  readonly p50: number;
  readonly p99: number;
  /** Bytes allocated an iteration on average; undefined where mitata can't tell. */
  readonly heapBytes: number | undefined;
}

export interface MicroResults {
  readonly takenAt: string;
  readonly machine: Readonly<Record<string, string>>;
  readonly results: readonly MicroResult[];
}
