/** The config of a process: defaults ← file ← environment ← flags. */
import { ConfigError } from "./config-error.ts";
import {
  type ConfigFile,
  directoryOf,
  discoverConfigFile,
  type FileAccess,
  readConfigFile,
  whyUnreadable,
  within,
} from "./config-file.ts";
import { effective } from "./effective.ts";
import { applyEnvironment, configFileOf } from "./environment.ts";
import { located, type Origins, setBy } from "./locate.ts";
import { masking } from "./masking.ts";
import { merge } from "./merge.ts";
import { explicitPaths, pathsOf, valueAt } from "./paths.ts";
import { type Checked, checkConfig } from "./parse.ts";
import type { ConfigPath, ConfigProblem, Place } from "./problem.ts";
import { configSchema } from "./schema/config.ts";
import { isRecord } from "./schema/run.ts";
import type { Config, ConfigInput } from "./types.ts";
import { type Env, type Looked, lookUpEnv, pathKey, references } from "./variables.ts";

export interface LoadOptions extends FileAccess {
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

/** A config and where it came from. */
export interface LoadedConfig {
  readonly config: Config;
  /** Dotted paths that somebody set, such as `upstreams.api.timeouts.connect`. */
  readonly explicit: ReadonlySet<string>;
  /** The effective config as one would write it, defaults filled in, `***` in place of every secret. */
  readonly masked: () => unknown;
  /** `text` with `***` in place of every secret of the config, credential in a query and password in a URL. */
  readonly mask: (text: string) => string;
  /** File, environment variables and flags that set something. */
  readonly sources: readonly string[];
  /** Where the value at `path` was set. */
  readonly placeOf: (path: ConfigPath, at?: "key" | "value") => Promise<Place | undefined>;
}

/** All sources in one. */
interface Gathered extends Origins {
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

const readFile = async (options: LoadOptions): Promise<ConfigFile | undefined> => {
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

const gather = async (options: LoadOptions): Promise<Gathered> => {
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

/** Texts of the files that references name, by `fileKey`. */
const readReferences = async (
  options: LoadOptions,
  gathered: Gathered,
): Promise<ReadonlyMap<string, Looked>> => {
  const wanted = new Set<string>();
  references(gathered.input, (kind, name, path) => {
    if (kind === "file") wanted.add(fileOf(options, gathered, name, path));
  });
  const read = async (path: string): Promise<[string, Looked]> => {
    try {
      // Editors end files with a line break that belongs to no token or password.
      return [path, { text: (await options.readText(path)).replace(/\r?\n$/, "") }];
    } catch (error) {
      return [path, { problem: `${path}: ${whyUnreadable(error)}` }];
    }
  };
  return new Map(await Promise.all([...wanted].map(read)));
};

/** A file is seen from where the text that names it stands. */
const fileOf = (options: LoadOptions, gathered: Gathered, name: string, path: ConfigPath): string => {
  const { file } = gathered;
  const fromFile = file !== undefined && setBy(gathered, path) === undefined;
  return within(fromFile ? directoryOf(file.path) : options.cwd, name);
};

/** No file, and nobody who names an upstream or a route. */
const isNothing = ({ input, file }: Gathered): boolean =>
  file === undefined &&
  !(isRecord(input) && (input["upstreams"] !== undefined || input["routes"] !== undefined));

/**
 * Reads all sources and checks what they make together.
 *
 * @returns undefined when there is no file and nobody named an upstream or a route.
 * @throws ConfigError with everything that is wrong, each with its file, line and column, variable or flag.
 */
export const loadConfig = async (options: LoadOptions): Promise<LoadedConfig | undefined> => {
  const gathered = await gather(options);
  if (isNothing(gathered) && gathered.problems.length === 0) return undefined;
  const files = await readReferences(options, gathered);
  const checked = checkConfig(gathered.input, (kind, name, path) =>
    kind === "env"
      ? lookUpEnv(options.env, name)
      : (files.get(fileOf(options, gathered, name, path)) ?? { problem: "the file can't be read" }),
  );
  // What variables and flags say is judged in any case, what is missing only where all of it is there.
  const complete = gathered.whole && !isNothing(gathered);
  const found = (checked.ok ? [] : checked.problems).filter(
    ({ path }) => complete || setBy(gathered, path) !== undefined,
  );
  const problems = [...gathered.problems, ...found];
  if (!checked.ok || problems.length > 0) throw new ConfigError(await located(gathered, problems));
  return loaded(gathered, checked);
};

/** The input with the route that goes without saying. */
const withRoute = (input: unknown, { routes: [only, ...others] }: Config): unknown => {
  const written = isRecord(input) ? input["routes"] : undefined;
  const implied = !Array.isArray(written) || written.length === 0;
  return implied && isRecord(input) && only !== undefined && others.length === 0
    ? { ...input, routes: [{ name: only.name, upstream: only.upstreams?.[0]?.name }] }
    : input;
};

const loaded = (
  gathered: Gathered,
  { config, input, secrets, secretTexts }: Extract<Checked, { readonly ok: true }>,
): LoadedConfig => ({
  config,
  get explicit() {
    return explicitPaths(gathered.input);
  },
  masked: () => effective(configSchema, withRoute(input, config), (path) => secrets.get(pathKey(path))),
  mask: masking(secretTexts),
  sources: [
    ...(gathered.file === undefined ? [] : [gathered.file.name]),
    ...new Set([...gathered.env, ...gathered.flags].map(({ name }) => name)),
  ],
  placeOf: async (path, at = "value") => (await located(gathered, [{ path, at, message: "" }]))[0]?.place,
});
