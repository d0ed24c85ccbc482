/**
 * A config on its way to a thread. Its data is sent, so that all threads have the same; its functions (middleware, balancing) can't
 * be, so each thread imports the config's module itself and takes them from the same places.
 */
import type { ConfigSource } from "../../../src/config/gather.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { type ConfigPath, showPath } from "../../../src/config/problem.ts";
import { valueAt } from "../../../src/config/tree.ts";
import type { Config } from "../../../src/config/types.ts";
import { ServeError } from "../../serving.ts";
import type { FreshModules } from "../fresh-modules.ts";
import { readText } from "../read-text.ts";

/** Plain data. */
export interface SentConfig {
  /** With null in place of each function. */
  readonly data: unknown;
  readonly functions: readonly ConfigPath[];
  /** Where the functions come from; undefined where there are none. */
  readonly source: ConfigSource | undefined;
  /** Functions of configs with equal numbers are the same. */
  readonly modules: number;
}

/** The main thread's side. */
export class ConfigSender {
  /** Functions of the config in effect. */
  #kept: readonly unknown[] = [];
  #keptModules = 0;
  #lastModules = 0;
  #lastSent: readonly unknown[] = [];

  /** @throws ServeError where the config has functions, and nobody says which module they come from. */
  send(config: Config, source: ConfigSource | undefined): SentConfig {
    const found: Found[] = [];
    const data = withoutFunctions(config, [], found);
    const [first] = found;
    if (first === undefined) return { data, functions: [], source: undefined, modules: 0 };
    if (source === undefined) {
      throw new ServeError(
        `${showPath(first.path)} is a function, which can't be sent to a thread: serve with \`source\`, the module that the config comes from, or with \`threads: 1\``,
      );
    }
    const values = found.map(({ value }) => value);
    const kept = this.#kept;
    const isSame = values.length === kept.length && values.every((each, at) => each === kept[at]);
    const modules = isSame ? this.#keptModules : (this.#lastModules += 1);
    this.#lastSent = values;
    return { data, functions: found.map(({ path }) => path), source, modules };
  }

  /** What was sent last is in effect. */
  keep({ source, modules }: SentConfig): void {
    if (source === undefined) return;
    this.#kept = this.#lastSent;
    this.#keptModules = modules;
  }
}

interface Found {
  readonly path: ConfigPath;
  readonly value: unknown;
}

/** A thread's side. */
export class ConfigReceiver {
  readonly #modules: FreshModules;
  /** By `SentConfig.modules`: of the config in effect, and of the last one. */
  readonly #loaded: Map<number, Config | undefined> = new Map();

  /** @param modules imports the config's module, anew where it has changed */
  constructor(modules: FreshModules) {
    this.#modules = modules;
  }

  /** @throws ConfigError where the module can't be loaded; ServeError where it has changed since. */
  async receive({ data, functions, source, modules }: SentConfig): Promise<Config> {
    if (source === undefined) return data as Config;
    if (!this.#loaded.has(modules)) {
      const importModule = (path: string): Promise<unknown> => this.#modules.import(path);
      this.#loaded.set(modules, (await loadConfig({ ...source, readText, importModule }))?.config);
    }
    const config = this.#loaded.get(modules);
    for (const path of functions) put(data, path, functionAt(config, path));
    return data as Config;
  }

  /** What was received last is in effect. */
  keep({ modules }: SentConfig): void {
    for (const other of this.#loaded.keys()) if (other !== modules) this.#loaded.delete(other);
  }
}

const functionAt = (config: Config | undefined, path: ConfigPath): unknown => {
  const found = valueAt(config, path);
  if (typeof found === "function") return found;
  throw new ServeError(`${showPath(path)} is no function any more: the config's module has changed`);
};

const withoutFunctions = (value: unknown, path: ConfigPath, found: Found[]): unknown => {
  if (typeof value === "function") {
    found.push({ path, value });
    return null;
  }
  if (Array.isArray(value))
    return value.map((item: unknown, index) => withoutFunctions(item, [...path, index], found));
  const isPlain =
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  if (!isPlain) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]: [string, unknown]) => [
      key,
      withoutFunctions(item, [...path, key], found),
    ]),
  );
};

const put = (data: unknown, path: ConfigPath, value: unknown): void => {
  const holder = valueAt(data, path.slice(0, -1)) as Record<string | number, unknown>;
  holder[path.at(-1) ?? ""] = value;
};
