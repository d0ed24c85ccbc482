/**
 * A config on its way to a thread. Its data is sent, so that all threads have the same; its functions (middleware, balancing) can't
 * be, so each thread imports the config's module itself and takes them from the same places.
 */
import { pathToFileURL } from "node:url";
import { loadConfig } from "../../../src/config/load.ts";
import type { ConfigPath } from "../../../src/config/problem.ts";
import { showPath } from "../../../src/config/problem.ts";
import { valueAt } from "../../../src/config/tree.ts";
import type { Config } from "../../../src/config/types.ts";
import type { ConfigSource } from "../../../src/config/gather.ts";
import { ServeError } from "../../serving.ts";
import { readText } from "../read-text.ts";

/** Plain data. */
export interface SentConfig {
  /** With null in place of each function. */
  readonly data: unknown;
  readonly functions: readonly ConfigPath[];
  /** Where the functions come from; undefined where there are none. */
  readonly source: ConfigSource | undefined;
}

/** @throws ServeError where the config has functions, and nobody says which module they come from. */
export const sentConfig = (config: Config, source: ConfigSource | undefined): SentConfig => {
  const functions: ConfigPath[] = [];
  const data = withoutFunctions(config, [], functions);
  const [first] = functions;
  if (first === undefined) return { data, functions, source: undefined };
  if (source?.file === undefined) {
    const message = `${showPath(first)} is a function, which can't be sent to a thread; serve with \`source\` (the module that the config comes from) or \`threads: 1\``;
    throw new ServeError(message);
  }
  return { data, functions, source };
};

/** @throws ConfigError where the module can't be loaded; ServeError where it has changed since. */
export const receivedConfig = async ({ data, functions, source }: SentConfig): Promise<Config> => {
  if (source === undefined) return data as Config;
  const loaded = await loadConfig({
    ...source,
    readText,
    importModule: (path) => import(pathToFileURL(path).href) as Promise<unknown>,
  });
  for (const path of functions) {
    const found = valueAt(loaded?.config, path);
    if (typeof found !== "function") {
      throw new ServeError(`${showPath(path)} is no function any more: the config's module has changed`);
    }
    put(data, path, found);
  }
  return data as Config;
};

const withoutFunctions = (value: unknown, path: ConfigPath, functions: ConfigPath[]): unknown => {
  if (typeof value === "function") {
    functions.push(path);
    return null;
  }
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value))
    return value.map((item: unknown, index) => withoutFunctions(item, [...path, index], functions));
  if (value instanceof Set) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withoutFunctions(item, [...path, key], functions)]),
  );
};

const put = (data: unknown, path: ConfigPath, value: unknown): void => {
  const holder = valueAt(data, path.slice(0, -1)) as Record<string | number, unknown>;
  holder[path.at(-1) ?? ""] = value;
};
