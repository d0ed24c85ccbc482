/** What a load run leaves behind: bench/results/load-latest.json. */
import type { CheckResult } from "./checks.ts";
import type { ContenderGroup, RuntimeName } from "./contender.ts";
import type { Loads } from "./load.ts";
import type { Sample } from "./sample.ts";
import type { StartUps } from "./start-up.ts";

export interface ContenderFacts {
  readonly name: string;
  readonly group: ContenderGroup;
  readonly runtime: RuntimeName | undefined;
}

/** 2 GiB one way, as a rule. */
export interface StreamRun {
  readonly bytes: number;
  readonly mebibytesPerSecond: number;
  /** Resident before, and the most while it ran. */
  readonly restMiB: number;
  readonly peakMiB: number;
}

export interface EnduranceRun {
  readonly seconds: number;
  readonly requests: number;
  readonly startMiB: number;
  readonly endMiB: number;
  readonly peakMiB: number;
  /** Trend of the second half, MiB a minute. */
  readonly slopeMiBPerMinute: number;
  readonly errors: number;
}

/** Keys of the records are contenders' names; those of `samples` scenarios' names before them. */
export interface LoadResults {
  readonly takenAt: string;
  readonly machine: Readonly<Record<string, string>>;
  /** Share of all cores in use right before the run, 0 to 1. */
  readonly busyShare: number;
  readonly settings: { readonly rounds: number; readonly seconds: number; readonly warmupSeconds: number };
  readonly contenders: readonly ContenderFacts[];
  /** Why a contender did not take part, or where it broke. */
  readonly skipped: Readonly<Record<string, string>>;
  readonly checks: Readonly<Record<string, CheckResult>>;
  readonly samples: Readonly<Record<string, Readonly<Record<string, readonly Sample[]>>>>;
  readonly idleMiB: Loads["idleMiB"];
  readonly startUps: StartUps["startUps"];
  readonly emptyStarts: StartUps["emptyStarts"];
  readonly streams: Readonly<Record<string, { readonly down: StreamRun; readonly up: StreamRun }>>;
  readonly endurance: Readonly<Record<string, EnduranceRun>>;
  /** Of Fairlead's Worker, minified and gzipped. Undefined where only a part was asked for. */
  readonly workerBundleBytes: number | undefined;
}

const filled = <T extends object>(newer: T, older: T): T => (Object.keys(newer).length > 0 ? newer : older);

const sameOccasion = (one: LoadResults, other: LoadResults): boolean =>
  one.takenAt.slice(0, 10) === other.takenAt.slice(0, 10) &&
  JSON.stringify(one.machine) === JSON.stringify(other.machine);

/** `newer`, with the parts that it did not run taken from `older` if that is of the same machine and day. */
export const mergeResults = (older: LoadResults | undefined, newer: LoadResults): LoadResults =>
  older === undefined || !sameOccasion(older, newer)
    ? newer
    : {
        ...newer,
        samples: filled(newer.samples, older.samples),
        settings: Object.keys(newer.samples).length > 0 ? newer.settings : older.settings,
        idleMiB: filled(newer.idleMiB, older.idleMiB),
        startUps: filled(newer.startUps, older.startUps),
        emptyStarts: filled(newer.emptyStarts, older.emptyStarts),
        streams: filled(newer.streams, older.streams),
        endurance: filled(newer.endurance, older.endurance),
        workerBundleBytes: newer.workerBundleBytes ?? older.workerBundleBytes,
      };
