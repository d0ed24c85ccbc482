/** The config of a process: defaults ← file ← environment ← flags. */
import type { InspectTls } from "../core/tls-inspection.ts";
import { ConfigError } from "./config-error.ts";
import { directoryOf, whyUnreadable, within } from "./config-file.ts";
import { effective } from "./effective.ts";
import { gather, type Gathered, isNothing, type SourceOptions } from "./gather.ts";
import { exposedKeys, isKeyPlace } from "./key-files.ts";
import { located, setBy } from "./locate.ts";
import { masking } from "./masking.ts";
import { explicitPaths } from "./paths.ts";
import { type Checked, checkConfig } from "./parse.ts";
import type { ConfigPath, ConfigProblem } from "./problem.ts";
import { configSchema } from "./schema/config.ts";
import { isRecord } from "./schema/run.ts";
import type { Config } from "./types.ts";
import { type Looked, type LookUp, lookUpEnv, pathKey, references } from "./variables.ts";

/** A closer look at certificates and keys than at other settings. */
export interface CertificateAccess {
  readonly inspect: InspectTls;
  /** Permission bits of a file; undefined where there are none or the file can't be looked at. */
  readonly modeOf: (path: string) => Promise<number | undefined>;
}

export interface LoadOptions extends SourceOptions {
  /** Without it certificates are only checked to be PEM texts. */
  readonly certificates?: CertificateAccess;
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
  /** `problems` with the places where their paths were set, in the order of the places. */
  readonly located: (problems: readonly ConfigProblem[]) => Promise<readonly ConfigProblem[]>;
}

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
  const lookUp: LookUp = (kind, name, path) =>
    kind === "env"
      ? lookUpEnv(options.env, name)
      : (files.get(fileOf(options, gathered, name, path)) ?? { problem: "the file can't be read" });
  const checked = checkConfig(gathered.input, lookUp, options.certificates?.inspect);
  // What variables and flags say is judged in any case, what is missing only where all of it is there.
  const complete = gathered.whole && !isNothing(gathered);
  const found = (checked.ok ? [] : checked.problems).filter(
    ({ path }) => complete || setBy(gathered, path) !== undefined,
  );
  const problems = [...gathered.problems, ...(await keyProblems(options, gathered)), ...found];
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
  located: (problems) => located(gathered, problems),
});
