/** The config of a process: defaults ← file ← environment ← flags. */
import type { InspectTls } from "../core/tls-inspection.ts";
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
import { exposedKeys, isKeyPlace } from "./key-files.ts";
import { located, type Origins, setBy } from "./locate.ts";
import { masking } from "./masking.ts";
import { merge } from "./merge.ts";
import { explicitPaths, pathsOf, valueAt } from "./paths.ts";
import { type Checked, checkConfig } from "./parse.ts";
import type { ConfigPath, ConfigProblem, Place } from "./problem.ts";
import { configSchema } from "./schema/config.ts";
import { isRecord } from "./schema/run.ts";
import type { Config, ConfigInput } from "./types.ts";
import { type Env, type Looked, type LookUp, lookUpEnv, pathKey, references } from "./variables.ts";

/** A closer look at certificates and keys than at other settings. */
export interface CertificateAccess {
  readonly inspect: InspectTls;
  /** Permission bits of a file; undefined where there are none or the file can't be looked at. */
  readonly modeOf: (path: string) => Promise<number | undefined>;
}

export interface LoadOptions extends FileAccess {
  /** Without it certificates are only checked to be PEM texts. */
  readonly certificates?: CertificateAccess;
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

const gather = async (options: LoadOptions): Promise<Gathered> => {
  const file = await readFile(options);
  const fromEnv = applyEnvironment(configSchema, file?.input ?? {}, options.env);
  const merged = merge(configSchema, fromEnv.input, options.flags);
  const { input, used } = withPort(merged, options.env);
  return {
    input,
    file,
    env: used ? [...fromEnv.set, { path: ["listen", "port"], name: "PORT" }] : fromEnv.set,
    flags: flagPaths(options.flags, options.flagNames ?? {}),
    problems: fromEnv.problems,
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

const keyProblems = (options: LoadOptions, gathered: Gathered): Promise<ConfigProblem[]> => {
  const { certificates } = options;
  if (certificates === undefined) return Promise.resolve([]);
  const files: { path: ConfigPath; file: string }[] = [];
  references(gathered.input, (kind, name, path) => {
    if (kind === "file" && isKeyPlace(path))
      files.push({ path, file: fileOf(options, gathered, name, path) });
  });
  return exposedKeys(files, certificates.modeOf);
};

/** A file is seen from where the text that names it stands. */
const fileOf = (options: LoadOptions, gathered: Gathered, name: string, path: ConfigPath): string => {
  const { file } = gathered;
  const fromFile = file !== undefined && setBy(gathered, path) === undefined;
  return within(fromFile ? directoryOf(file.path) : options.cwd, name);
};

const isNothing = ({ input, file, problems }: Gathered): boolean =>
  file === undefined &&
  problems.length === 0 &&
  !(isRecord(input) && (input["upstreams"] !== undefined || input["routes"] !== undefined));

/**
 * Reads all sources and checks what they make together.
 *
 * @returns undefined when there is no file and nobody named an upstream or a route.
 * @throws ConfigError with everything that is wrong, each with its file, line and column, variable or flag.
 */
export const loadConfig = async (options: LoadOptions): Promise<LoadedConfig | undefined> => {
  const gathered = await gather(options);
  if (isNothing(gathered)) return undefined;
  const files = await readReferences(options, gathered);
  const lookUp: LookUp = (kind, name, path) =>
    kind === "env"
      ? lookUpEnv(options.env, name)
      : (files.get(fileOf(options, gathered, name, path)) ?? { problem: "the file can't be read" });
  const checked = checkConfig(gathered.input, lookUp, options.certificates?.inspect);
  const problems = [
    ...gathered.problems,
    ...(await keyProblems(options, gathered)),
    ...(checked.ok ? [] : checked.problems),
  ];
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
