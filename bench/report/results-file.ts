/** Raw numbers, kept out of git. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../results/", import.meta.url));

/** Writes the newest results of a kind, and a copy by date. */
export const saveResults = (kind: "load" | "micro", results: { readonly takenAt: string }): void => {
  mkdirSync(folder, { recursive: true });
  const text = `${JSON.stringify(results, undefined, 1)}\n`;
  writeFileSync(`${folder}${kind}-latest.json`, text);
  writeFileSync(`${folder}${kind}-${results.takenAt.replaceAll(":", "-")}.json`, text);
};

/** The newest results of a kind; undefined when there are none. */
export const latestResults = (kind: "load" | "micro"): unknown => {
  try {
    return JSON.parse(readFileSync(`${folder}${kind}-latest.json`, "utf8"));
  } catch {
    return undefined;
  }
};
