/** CPU per request with two threads beside one, as a table. */
import { RUNTIME_TITLES, type ScriptRuntime } from "../load/contender.ts";
import { table } from "../report/markdown.ts";

export interface Measured {
  readonly work: string;
  readonly runtime: ScriptRuntime;
  readonly threads: number;
  /** Within a round both counts of threads were measured right after each other. */
  readonly round: number;
  readonly cpuUs: number;
}

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
};

/** `7.1 → 7.4 µs: 1.04 / 1.02`: the minima, the ratio of the minima, and the median of the ratios within each round. */
const cell = (measured: readonly Measured[]): string => {
  const costs = (threads: number): Measured[] => measured.filter((each) => each.threads === threads);
  const least = (threads: number): number => Math.min(...costs(threads).map(({ cpuUs }) => cpuUs));
  const ratios = costs(2).map(({ round, cpuUs }) => {
    const one = costs(1).find((each) => each.round === round);
    return cpuUs / (one?.cpuUs ?? NaN);
  });
  const [one, two] = [least(1), least(2)];
  return `${one.toFixed(1)} → ${two.toFixed(1)} µs: ${(two / one).toFixed(2)} / ${median(ratios).toFixed(2)}`;
};

export const threadTable = (
  measured: readonly Measured[],
  runtimes: readonly ScriptRuntime[],
  works: readonly string[],
): string =>
  table(
    ["CPU per request, one thread → two", ...runtimes.map((runtime) => RUNTIME_TITLES[runtime])],
    works.map((work) => [
      work,
      ...runtimes.map((runtime) =>
        cell(measured.filter((each) => each.work === work && each.runtime === runtime)),
      ),
    ]),
  );
