/** The config of a process. */
import { type CertificateAccess, exposedKey } from "./certificates.ts";
import { ConfigError } from "./config-error.ts";
import { directoryOf, whyUnreadable, within } from "./config-file.ts";
import { type ConfigSource, gather, type Gathered, isNothing, type SourceOptions } from "./gather.ts";
import { located, setBy } from "./locate.ts";
import { checkConfig } from "./parse.ts";
import type { ConfigPath, ConfigProblem } from "./problem.ts";
import { type Looked, type LookUp, lookUpEnv, references, type Resolved } from "./references.ts";
import { schemaAt } from "./schema/schema.ts";
import { configSchema } from "./settings/config.ts";
import { privateKey } from "./settings/pem.ts";
import { type ShownConfig, shownConfig } from "./shown-config.ts";
import { explicitPaths } from "./tree.ts";
import type { Config } from "./types.ts";

export interface LoadOptions extends SourceOptions {
  /** Without it certificates are only checked to be PEM texts. */
  readonly certificates?: CertificateAccess;
  /** The only variables and files that may be referred to, as `LoadedConfig.references` has them. @default any */
  readonly mayRefer?: ReadonlySet<string>;
}

/** A config and where it came from. */
export interface LoadedConfig extends ShownConfig {
  readonly config: Config;
  /** As it was written, all sources in one, with references resolved. Holds secrets. */
  readonly input: unknown;
  /** Dotted paths that somebody set, such as `upstreams.api.timeouts.connect`. */
  readonly explicit: ReadonlySet<string>;
  /** Files that certificates and keys come from. Absolute. */
  readonly tlsFiles: readonly string[];
  /** The config file, if there is one, and all files that the config names in `${file:}`. Absolute. */
  readonly files: readonly string[];
  /** Absolute path of the folder that relative paths in the config start from. */
  readonly directory: string;
  /** Variables and files that it refers to: `env:NAME`, `file:PATH`. */
  readonly references: ReadonlySet<string>;
  /** The same config with the files of `${file:}` read anew. Throws as `loadConfig` does. */
  readonly reread: () => Promise<LoadedConfig>;
  /** File, environment variables and flags that set something. */
  readonly sources: readonly string[];
  /** The same as data, for threads that read functions of the config once more; undefined without a file. */
  readonly source: ConfigSource | undefined;
  /** `problems` with the places where their paths were set, in the order of the places. */
  readonly located: (problems: readonly ConfigProblem[]) => Promise<readonly ConfigProblem[]>;
}

/** A file that a reference names. */
interface Referenced {
  readonly path: ConfigPath;
  readonly file: string;
}

/** A file is seen from where the text that names it stands. */
const fileOf = ({ cwd }: LoadOptions, gathered: Gathered, name: string, path: ConfigPath): string => {
  const { file } = gathered;
  const isOfFile = file !== undefined && setBy(gathered, path) === undefined;
  return within(isOfFile ? directoryOf(file.path) : cwd, name);
};

const readReferenced = async (
  { readText }: LoadOptions,
  referenced: readonly Referenced[],
): Promise<ReadonlyMap<string, Looked>> => {
  const read = async (file: string): Promise<[string, Looked]> => {
    try {
      // Editors end files with a line break that belongs to no token or password.
      return [file, { text: (await readText(file)).replace(/\r?\n$/, "") }];
    } catch (error) {
      return [file, { problem: `${file}: ${whyUnreadable(error)}` }];
    }
  };
  return new Map(await Promise.all([...new Set(referenced.map(({ file }) => file))].map(read)));
};

const keyProblems = async (
  { certificates }: LoadOptions,
  referenced: readonly Referenced[],
): Promise<ConfigProblem[]> => {
  const keys = referenced.filter(({ path }) => schemaAt(configSchema, path) === privateKey);
  const problems = keys.map(async ({ path, file }): Promise<ConfigProblem[]> => {
    const access = await certificates?.accessTo(file);
    return access === undefined ? [] : exposedKey(path, file, access);
  });
  return (await Promise.all(problems)).flat();
};

/**
 * Reads all sources and checks what they make together.
 *
 * @returns undefined when there is no file and nobody named an upstream or a route.
 * @throws ConfigError with everything that is wrong, each with its file, line and column, variable or flag.
 */
export const loadConfig = async (options: LoadOptions): Promise<LoadedConfig | undefined> => {
  const gathered = await gather(options);
  return isNothing(gathered) && gathered.problems.length === 0 ? undefined : read(gathered, options);
};

const read = async (gathered: Gathered, options: LoadOptions): Promise<LoadedConfig> => {
  const referenced: Referenced[] = [];
  const named = new Set<string>();
  const { mayRefer } = options;
  const isRefused = (kind: "env" | "file", name: string): boolean =>
    mayRefer !== undefined && !mayRefer.has(referenceKey(kind, name));
  const refers = references(configSchema, gathered.input, (kind, name, path) => {
    named.add(referenceKey(kind, name));
    if (kind === "file" && !isRefused(kind, name))
      referenced.push({ path, file: fileOf(options, gathered, name, path) });
  });
  const files = await readReferenced(options, referenced);
  const lookUp: LookUp = (kind, name, path) => {
    if (isRefused(kind, name))
      return { problem: `the config at the start does not refer to this ${WHAT[kind]}` };
    return kind === "env"
      ? lookUpEnv(options.env, name)
      : (files.get(fileOf(options, gathered, name, path)) ?? { problem: "the file can't be read" });
  };
  const { config, resolved, ...checked } = checkConfig(
    gathered.input,
    lookUp,
    options.certificates?.inspect,
    refers,
  );
  // What variables and flags say is judged in any case, what is missing only where all of it is there.
  const isComplete = gathered.whole && !isNothing(gathered);
  const found = checked.problems.filter(({ path }) => isComplete || setBy(gathered, path) !== undefined);
  const problems = [...gathered.problems, ...(await keyProblems(options, referenced)), ...found];
  if (config === undefined || problems.length > 0) throw new ConfigError(await located(gathered, problems));
  const tlsFiles = referenced.filter(({ path }) => OF_TLS.has(path[0]) && path.includes("tls"));
  const ownFile = gathered.file === undefined ? [] : [gathered.file.path];
  return loaded(gathered, config, resolved, {
    tlsFiles: [...new Set(tlsFiles.map(({ file }) => file))],
    files: [...new Set([...ownFile, ...referenced.map(({ file }) => file)])],
    directory: gathered.file === undefined ? options.cwd : directoryOf(gathered.file.path),
    references: named,
    reread: () => read(gathered, options),
    source: gathered.file && sourceOf(options, gathered.file.path),
  });
};

const WHAT = { env: "variable", file: "file" } as const;

/** Without the default of a variable. */
const referenceKey = (kind: "env" | "file", name: string): string =>
  `${kind}:${kind === "env" ? (/^\w+/.exec(name)?.[0] ?? name) : name}`;

const sourceOf = ({ env, flags, flagNames, cwd }: LoadOptions, file: string): ConfigSource => ({
  file,
  env: { ...env },
  flags,
  ...(flagNames && { flagNames }),
  cwd,
});

/** Sections with certificates. */
const OF_TLS: ReadonlySet<unknown> = new Set(["listen", "admin", "upstreams"]);

const loaded = (
  gathered: Gathered,
  config: Config,
  resolved: Resolved,
  files: Pick<LoadedConfig, "tlsFiles" | "files" | "directory" | "references" | "reread" | "source">,
): LoadedConfig => ({
  ...shownConfig(resolved, config),
  ...files,
  config,
  input: resolved.value,
  get explicit() {
    return explicitPaths(gathered.input);
  },
  sources: [
    ...(gathered.file === undefined ? [] : [gathered.file.name]),
    ...new Set([...gathered.env, ...gathered.flags].map(({ name }) => name)),
  ],
  located: (problems) => located(gathered, problems),
});
