/** Paths into a config as it was written. */
import type { ConfigPath } from "./problem.ts";
import { isRecord } from "./schema/run.ts";

/** What stands at `path`. */
export const valueAt = (input: unknown, path: ConfigPath): unknown =>
  path.reduce<unknown>(
    (value, key) => (value as Readonly<Record<string | number, unknown>> | undefined)?.[key],
    input,
  );

/** Every path that `input` sets, objects and lists included, with the members of short forms as they stand. */
export function* pathsOf(input: unknown, path: ConfigPath = []): Generator<ConfigPath> {
  if (input === undefined) return;
  if (path.length > 0) yield path;
  if (Array.isArray(input))
    for (const [index, item] of input.entries()) yield* pathsOf(item, [...path, index]);
  else if (isRecord(input))
    for (const [key, item] of Object.entries(input)) yield* pathsOf(item, [...path, key]);
}

const addPaths = (input: unknown, path: string, paths: Set<string>): void => {
  if (typeof input !== "object" || input === null) return;
  for (const [key, item] of Object.entries(input)) {
    if (item === undefined) continue;
    const inner = path === "" ? key : `${path}.${key}`;
    paths.add(inner);
    addPaths(item, inner, paths);
  }
};

/** Dotted paths that `input` sets: `listen`, `listen.port`, `routes.0`, `routes.0.upstream`. */
export const explicitPaths = (input: unknown): ReadonlySet<string> => {
  const paths = new Set<string>();
  addPaths(input, "", paths);
  return paths;
};
