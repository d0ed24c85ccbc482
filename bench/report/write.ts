/** Puts the newest results into bench/README.md and bench/chart.svg. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { LoadResults } from "../load/results.ts";
import type { MicroResults } from "../micro/results.ts";
import { type Panel, barChart } from "./chart.ts";
import { summaryOf } from "./figures.ts";
import { loadSection } from "./load-section.ts";
import { replaceSection } from "./markdown.ts";
import { microSection } from "./micro-section.ts";
import { latestResults } from "./results-file.ts";
import { targetsSection } from "./targets.ts";

const at = (file: string): string => fileURLToPath(new URL(`../${file}`, import.meta.url));

const PANELS = [
  ["get-1k", "CPU µs per request, GET 1 KiB, 64 connections"],
  ["get-1m", "CPU µs per request, GET 1 MiB, 64 connections"],
] as const;

/** Minimum of the rounds. */
export const chartOf = (results: LoadResults): string => {
  const panels = PANELS.map(([scenario, title]): Panel => ({
    title,
    bars: results.contenders.flatMap(({ name, group }) => {
      const summary = summaryOf(results, scenario, name);
      return summary === undefined ? [] : [{ label: name, value: summary.cpuMin, group }];
    }),
  }));
  return barChart(panels.filter(({ bars }) => bars.length > 0));
};

/** Sections without results stay as they are. */
export const writeReport = (): void => {
  const load = latestResults("load") as LoadResults | undefined;
  const micro = latestResults("micro") as MicroResults | undefined;
  let text = readFileSync(at("README.md"), "utf8");
  if (load !== undefined) {
    text = replaceSection(text, "load", `\n${loadSection(load)}\n`);
    if (Object.keys(load.samples).length > 0) writeFileSync(at("chart.svg"), chartOf(load));
  }
  if (micro !== undefined) text = replaceSection(text, "micro", `\n${microSection(micro)}\n`);
  text = replaceSection(text, "targets", `\n${targetsSection(load, micro)}\n`);
  writeFileSync(at("README.md"), text);
};

if (import.meta.main) writeReport();
