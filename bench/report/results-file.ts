/** Raw numbers, kept out of git. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../results/", import.meta.url));

/** Writes a copy by date and, unless `keep` is "dated", the newest results of the kind. */
export const saveResults = (
  kind: "load" | "micro",
  results: { readonly takenAt: string },
  keep: "latest" | "dated",
): void => {
  mkdirSync(folder, { recursive: true });
  const text = `${JSON.stringify(results, undefined, 1)}\n`;
  writeFileSync(`${folder}${kind}-${results.takenAt.replaceAll(":", "-")}.json`, text);
  if (keep === "latest") writeFileSync(`${folder}${kind}-latest.json`, text);
};

/** The newest results of a kind; undefined when there are none. */
export const latestResults = (kind: "load" | "micro"): unknown => {
  try {
    return JSON.parse(readFileSync(`${folder}${kind}-latest.json`, "utf8"));
  } catch {
    return undefined;
  }
};
