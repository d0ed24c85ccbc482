/** The sources of a config, laid over one another: defaults ← file ← environment ← flags. */
import { ConfigError, unusable } from "./config-error.ts";
import { type ConfigFile, discoverConfigFile, type FileAccess, readConfigFile } from "./config-file.ts";
import { applyEnvironment, configFileOf } from "./environment.ts";
import type { Origins } from "./locate.ts";
import { applyOtelEnvironment } from "./otel-environment.ts";
import { type ConfigProblem, showValue } from "./problem.ts";
import type { Env } from "./references.ts";
import { configSchema } from "./settings/config.ts";
import { entriesOf, isRecord, merge, valueAt } from "./tree.ts";
import type { ConfigInput } from "./types.ts";

/** Where to look. */
export interface SourceOptions extends FileAccess {
  /** Path of the config file, seen from `cwd`. Without it `FAIRLEAD_CONFIG`, else the first of the default names. */
  readonly file?: string;
  readonly env: Env;
  /** Stands in place of a file: `path` is where its text would stand. */
  readonly document?: { readonly name: string; readonly path: string; readonly input: unknown };
  /** What the command line says. */
  readonly flags: ConfigInput;
  /** Dotted path → the flag that sets it, for messages: `{ "listen.port": "--port" }`. */
  readonly flagNames?: Readonly<Record<string, string>>;
  /** Absolute. */
  readonly cwd: string;
}

/** Where a config with a file comes from, to be read once more by another thread. Plain data. */
export interface ConfigSource extends Omit<SourceOptions, "readText" | "importModule"> {
  readonly file: string;
}

/** All sources in one. */
export interface Gathered extends Origins {
  readonly input: unknown;
  readonly problems: readonly ConfigProblem[];
  /** False where the file can't be read: then nothing is known of what it says. */
  readonly whole: boolean;
}

/** The paths that flags set as a whole, with the flags' names. */
const flagPaths = (flags: ConfigInput, names: Readonly<Record<string, string>>): Gathered["flags"] =>
  entriesOf(flags)
    .filter(([, value]) => !isRecord(value) || Object.keys(value).length === 0)
    .filter(([path]) => !path.some((key) => typeof key === "number"))
    .map(([path]) => ({ path, name: names[path.join(".")] ?? "command line" }));

const readFile = (options: SourceOptions): Promise<ConfigFile | undefined> => {
  const { document } = options;
  if (document !== undefined) return Promise.resolve(documentFile(document));
  const named = options.file ?? configFileOf(options.env);
  return named === undefined
    ? discoverConfigFile(options.cwd, options)
    : readConfigFile(named, options.cwd, options);
};

const documentFile = ({ name, path, input }: NonNullable<SourceOptions["document"]>): ConfigFile => {
  if (!isRecord(input)) throw unusable({ source: name }, `expected an object, found ${showValue(input)}`);
  return { name, path, input, problems: [], places: () => Promise.resolve(() => ({ source: name })) };
};

const PORT = ["listen", "port"];
const SOCKET = ["listen", "socket"];

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
  const { env, flags, flagNames = {} } = options;
  const otel = applyOtelEnvironment(configSchema, file?.input ?? {}, env);
  const { set, problems, ...fromEnv } = applyEnvironment(configSchema, otel.input, env, flags);
  let input = merge(configSchema, fromEnv.input, flags);
  // `PORT`, which many platforms set, counts where nobody else said where to listen.
  const usesPort =
    (env["PORT"] ?? "") !== "" && valueAt(input, PORT) === undefined && valueAt(input, SOCKET) === undefined;
  if (usesPort) input = merge(configSchema, input, { listen: { port: env["PORT"] } });
  return {
    input,
    file,
    env: [...set, ...otel.set, ...(usesPort ? [{ path: PORT, name: "PORT" }] : [])],
    flags: flagPaths(flags, flagNames),
    problems: [
      ...unread,
      ...(file?.problems ?? []),
      ...otel.problems,
      ...problems.filter(({ place }) => whole || !OF_THE_FILE.test(place?.source ?? "")),
    ],
    whole,
  };
};

/** No file, and nobody who names an upstream or a route. */
export const isNothing = ({ input, file }: Gathered): boolean =>
  file === undefined &&
  valueAt(input, ["upstreams"]) === undefined &&
  valueAt(input, ["routes"]) === undefined;
