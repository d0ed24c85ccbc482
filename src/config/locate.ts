/** Where the parts of a config came from. */
import type { ConfigFile } from "./config-file.ts";
import { byPlace, type ConfigPath, type ConfigProblem, MOST_SHOWN, type Place } from "./problem.ts";
import { defaultsIn, startsWithReference } from "./references.ts";
import { isSecretPlace } from "./secrets.ts";
import { configSchema } from "./settings/config.ts";
import { entriesOf, valueAt } from "./tree.ts";

/** A path, and what set everything below it. */
export interface SetBy {
  readonly path: ConfigPath;
  /** Name of a variable or a flag. */
  readonly name: string;
}

export interface Origins {
  readonly file: ConfigFile | undefined;
  readonly env: readonly SetBy[];
  /** Win over `env`. */
  readonly flags: readonly SetBy[];
}

const startsWith = (path: ConfigPath, start: ConfigPath): boolean =>
  start.length <= path.length && start.every((key, index) => key === path[index]);

/** The flag or variable that set `path`; undefined where it came from the file, if from anywhere. */
export const setBy = ({ env, flags }: Origins, path: ConfigPath): string | undefined =>
  [...flags, ...env]
    .filter((setting) => startsWith(path, setting.path))
    // A short form may be set beside keys of the long one.
    .toSorted((a, b) => b.path.length - a.path.length)[0]?.name;

/** The flag or variable that set a part of `path`, or a part beside it, of what the file leaves out. */
const setWithin = (origins: Origins, path: ConfigPath): string | undefined => {
  const { file, env, flags } = origins;
  if (path.length === 0 || valueAt(file?.input, path) !== undefined) return undefined;
  const found = [...flags, ...env].find((setting) => startsWith(setting.path, path));
  return found === undefined ? setWithin(origins, path.slice(0, -1)) : found.name;
};

/** Secrets that stand in the file itself, line by line, as the file may spell them. */
const literalSecrets = (input: unknown): string[] =>
  entriesOf(input)
    .flatMap(([path, value]) =>
      typeof value === "string" && isSecretPlace(configSchema, path, value) ? [value] : [],
    )
    .flatMap((text) => (text.includes("${") ? defaultsIn(text) : [text]))
    .flatMap((text) => [...text.split("\n"), JSON.stringify(text).slice(1, -1)])
    .filter((line) => line.length > 2);

/** Places with every secret that stands in their line masked; without the line where the secret is what it shows. */
const coveringLines = (secrets: readonly string[]): ((place: Place, isSecret: boolean) => Place) => {
  const lines = new Map<string, string>();
  return (place, isSecret) => {
    const { text = "", ...bare } = place;
    if (isSecret && !startsWithReference(text.slice((place.column ?? 1) - 1))) return bare;
    const line =
      lines.get(text) ??
      secrets.reduce((left, secret) => left.replaceAll(secret, "*".repeat(secret.length)), text);
    lines.set(text, line);
    return { ...place, text: line };
  };
};

/**
 * `problems` with their places: the variable or flag that set the path, or where it stands in the file. In the order
 * of the places; the lines are there for as many as are shown.
 */
export const located = async (
  origins: Origins,
  problems: readonly ConfigProblem[],
): Promise<ConfigProblem[]> => {
  // To find places, the file may have to be parsed again.
  if (problems.length === 0) return [];
  const inFile = await origins.file?.places();
  const input = origins.file?.input;
  const placed = problems.map((problem) => {
    const { path, at, place } = problem;
    const name = setBy(origins, path) ?? setWithin(origins, path);
    const found = place ?? (name === undefined ? inFile?.(path, at) : { source: name });
    return found === undefined ? problem : { ...problem, place: found };
  });
  const cover = coveringLines(literalSecrets(input));
  return placed.toSorted(byPlace).map((problem, index) => {
    const { path, place } = problem;
    if (place?.text === undefined) return problem;
    const { text: _, ...bare } = place;
    const isSecret = isSecretPlace(configSchema, path, valueAt(input, path));
    return { ...problem, place: index < MOST_SHOWN ? cover(place, isSecret) : bare };
  });
};
