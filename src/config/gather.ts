/** The sources of a config, laid over one another. */
import { ConfigError } from "./config-error.ts";
import { type ConfigFile, discoverConfigFile, type FileAccess, readConfigFile } from "./config-file.ts";
import { applyEnvironment, configFileOf } from "./environment.ts";
import type { Origins } from "./locate.ts";
import { merge } from "./merge.ts";
import { pathsOf, valueAt } from "./paths.ts";
import type { ConfigProblem } from "./problem.ts";
import { configSchema } from "./schema/config.ts";
import { isRecord } from "./schema/run.ts";
import type { ConfigInput } from "./types.ts";
import type { Env } from "./variables.ts";

/** Where to look. */
export interface SourceOptions extends FileAccess {
  /** Path of the config file, seen from `cwd`. Without it `FAIRLEAD_CONFIG`, else the first of the default names. */
  readonly file?: string;
  readonly env: Env;
  /** What the command line says. */
  readonly flags: ConfigInput;
  /** Dotted path → the flag that sets it, for messages: `{ "listen.port": "--port" }`. */
  readonly flagNames?: Readonly<Record<string, string>>;
  /** Absolute. */
  readonly cwd: string;
}

/** All sources in one. */
export interface Gathered extends Origins {
  readonly input: unknown;
  readonly problems: readonly ConfigProblem[];
  /** False where the file can't be read: then nothing is known of what it says. */
  readonly whole: boolean;
}

const isLeaf = (value: unknown): boolean => !isRecord(value) || Object.keys(value).length === 0;

/** The paths that flags set as a whole, with the flags' names. */
const flagPaths = (flags: ConfigInput, names: Readonly<Record<string, string>>): Gathered["flags"] =>
  [...pathsOf(flags)]
    .filter((path) => isLeaf(valueAt(flags, path)) && !path.some((key) => typeof key === "number"))
    .map((path) => ({ path, name: names[path.join(".")] ?? "command line" }));

const readFile = async (options: SourceOptions): Promise<ConfigFile | undefined> => {
  const named = options.file ?? configFileOf(options.env)?.text;
  return named === undefined
    ? discoverConfigFile(options.cwd, options)
    : readConfigFile(named, options.cwd, options);
};

/** `PORT`, which many platforms set, counts where nobody else set `listen.port`. */
const withPort = (input: unknown, env: Env): { input: unknown; used: boolean } => {
  const port = env["PORT"];
  const listen = isRecord(input) ? input["listen"] : undefined;
  const set = isRecord(listen) ? listen["port"] !== undefined : listen !== undefined;
  if (port === undefined || port === "" || set) return { input, used: false };
  return { input: merge(configSchema, input, { listen: { port } }), used: true };
};

/** Variables for what a file defines, which can't be judged without it. */
const OF_THE_FILE = /^FAIRLEAD_(?:UPSTREAMS|ROUTES)_/;

/** What the file, the environment and the flags say together. */
export const gather = async (options: SourceOptions): Promise<Gathered> => {
  let file: ConfigFile | undefined;
  let unread: readonly ConfigProblem[] = [];
  try {
    file = await readFile(options);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    unread = error.problems;
  }
  const whole = unread.length === 0;
  const fromEnv = applyEnvironment(configSchema, file?.input ?? {}, options.env);
  const merged = merge(configSchema, fromEnv.input, options.flags);
  const { input, used } = withPort(merged, options.env);
  return {
    input,
    file,
    env: used ? [...fromEnv.set, { path: ["listen", "port"], name: "PORT" }] : fromEnv.set,
    flags: flagPaths(options.flags, options.flagNames ?? {}),
    problems: [
      ...unread,
      ...(file?.problems ?? []),
      ...fromEnv.problems.filter(({ place }) => whole || !OF_THE_FILE.test(place?.source ?? "")),
    ],
    whole,
  };
};

/** No file, and nobody who names an upstream or a route. */
export const isNothing = ({ input, file }: Gathered): boolean =>
  file === undefined &&
  !(isRecord(input) && (input["upstreams"] !== undefined || input["routes"] !== undefined));
