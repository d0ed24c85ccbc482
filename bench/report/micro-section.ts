/** The tables of a micro run. */
import type { MicroResults } from "../micro/results.ts";
import { duration, figure, table } from "./markdown.ts";

const size = (bytes: number | undefined): string => {
  if (bytes === undefined) return "–";
  return bytes >= 1024 * 1024
    ? `${figure(bytes / 1024 / 1024)} MiB`
    : bytes >= 1024
      ? `${figure(bytes / 1024)} KiB`
      : `${Math.round(bytes)} B`;
};

/** Everything between the markers. */
export const microSection = ({ takenAt, machine, results }: MicroResults): string => {
  const groups = [...new Set(results.map(({ group }) => group))];
  const tables = groups.map((group) => {
    const rows = results
      .filter((result) => result.group === group)
      .map(({ name, min, p50, p99, heapBytes }) => [
        name,
        duration(min),
        duration(p50),
        duration(p99),
        size(heapBytes),
      ]);
    return table([group, "min", "median", "p99", "heap"], rows);
  });
  const where = Object.values(machine).join(", ");
  return [`Taken ${takenAt.slice(0, 10)} on ${where}.`, ...tables].join("\n\n");
};
