/** Who takes part: every file of contenders/. */
import { readdirSync } from "node:fs";
import { type Contender, GROUPS } from "./contender.ts";
import { benchFile } from "./scripted.ts";

/** In the order of groups, then of file names. Contenders whose names hold one of `only`. */
export const roster = async (only: readonly string[] | undefined): Promise<Contender[]> => {
  const found: Contender[] = [];
  for (const file of readdirSync(benchFile("contenders/")).toSorted()) {
    if (!file.endsWith(".ts")) continue;
    const { contender } = (await import(`./contenders/${file}`)) as { contender: Contender };
    found.push(contender);
  }
  return found
    .filter(({ name }) => only === undefined || only.some((word) => name.toLowerCase().includes(word)))
    .toSorted((a, b) => GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group));
};

/** Why each that can't run here can't. */
export const missingOf = (contenders: readonly Contender[]): Record<string, string> => {
  const missing: Record<string, string> = {};
  for (const contender of contenders) {
    const why = contender.missing();
    if (why !== undefined) missing[contender.name] = why;
  }
  return missing;
};
