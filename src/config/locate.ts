/** Where the parts of a config came from. */
import type { ConfigFile } from "./config-file.ts";
import { pathsOf, valueAt } from "./paths.ts";
import { byPlace, type ConfigPath, type ConfigProblem, MOST_SHOWN, type Place } from "./problem.ts";
import { isSecretPlace } from "./secret-places.ts";

/** A path, and what set everything below it. */
export interface Setting {
  readonly path: ConfigPath;
  /** Name of a variable or a flag. */
  readonly name: string;
}

export interface Origins {
  readonly file: ConfigFile | undefined;
  readonly env: readonly Setting[];
  /** Win over `env`. */
  readonly flags: readonly Setting[];
}

const startsWith = (path: ConfigPath, start: ConfigPath): boolean =>
  start.length <= path.length && start.every((key, index) => key === path[index]);

/** The flag or variable that set `path`; undefined where it came from the file, if from anywhere. */
export const setBy = ({ env, flags }: Origins, path: ConfigPath): string | undefined =>
  [...flags, ...env].find((setting) => startsWith(path, setting.path))?.name;

/** The flag or variable that set a part of `path` which the file leaves out. */
const setWithin = ({ file, env, flags }: Origins, path: ConfigPath): string | undefined =>
  path.length > 0 && valueAt(file?.input, path) === undefined
    ? [...flags, ...env].find((setting) => startsWith(setting.path, path))?.name
    : undefined;

/** Secrets that stand in the file itself, line by line, as the file may spell them. */
const literalSecrets = (input: unknown): string[] =>
  [...pathsOf(input)]
    .filter(isSecretPlace)
    .map((path) => valueAt(input, path))
    .filter((value) => typeof value === "string")
    .filter((text) => !text.includes("${"))
    .flatMap((text) => [...text.split("\n"), JSON.stringify(text).slice(1, -1)])
    .filter((line) => line.length > 2);

const REFERENCE_ALONE = /^["']?\$\{(?:env|file):[^}]*\}/;

type Cover = (place: Place, isSecret: boolean) => Place;

/** Places with every secret that stands in their line masked; without the line where the secret is what it shows. */
const covering = (secrets: readonly string[]): Cover => {
  const lines = new Map<string, string>();
  const masked = (text: string): string => {
    let line = lines.get(text);
    if (line === undefined) {
      line = secrets.reduce((left, secret) => left.replaceAll(secret, "*".repeat(secret.length)), text);
      lines.set(text, line);
    }
    return line;
  };
  return (place, isSecret) => {
    const { text, ...bare } = place;
    if (text === undefined) return place;
    if (isSecret && !REFERENCE_ALONE.test(text.slice((place.column ?? 1) - 1))) return bare;
    return { ...place, text: masked(text) };
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
  const inFile = await origins.file?.places();
  const placed = problems.map((problem) => {
    if (problem.place !== undefined) return problem;
    const name = setBy(origins, problem.path) ?? setWithin(origins, problem.path);
    const place = name === undefined ? inFile?.(problem.path, problem.at) : { source: name };
    return place === undefined ? problem : { ...problem, place };
  });
  const covered = covering(literalSecrets(origins.file?.input));
  return placed.toSorted(byPlace).map((problem, index) => {
    const { place } = problem;
    if (place?.text === undefined) return problem;
    const { text: _, ...bare } = place;
    return {
      ...problem,
      place: index < MOST_SHOWN ? covered(place, isSecretPlace(problem.path)) : bare,
    };
  });
};
