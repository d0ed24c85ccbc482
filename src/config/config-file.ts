/** Config files by their kind. */
import { ConfigError } from "./config-error.ts";
import { readPlainJson } from "./plain-json.ts";
import { anyOf, type ConfigPath, type ConfigProblem, type Place, showValue } from "./problem.ts";
import { isRecord } from "./schema/run.ts";
import { faultsOf, type Locate, type Malformed, placesIn, type Source } from "./source-text.ts";

/** What reading needs of the runtime. */
export interface FileAccess {
  /** Rejects with an error whose `code` is "ENOENT" when there is no such file. */
  readonly readText: (path: string) => Promise<string>;
  /** Imports a module by its absolute path. */
  readonly importModule: (path: string) => Promise<unknown>;
}

/** A config file that was read. */
export interface ConfigFile {
  /** As people call it. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly input: unknown;
  /** What is wrong with its text and yet leaves it readable. */
  readonly problems: readonly ConfigProblem[];
  /** Says where things stand in it. Costs a second reading, so it is asked for where something is wrong alone. */
  readonly places: () => Promise<(path: ConfigPath, at: "key" | "value") => Place | undefined>;
}

/** Names that are looked for, in this order, where none is given. */
const DEFAULT_FILES: readonly string[] = [
  "fairlead.json",
  "fairlead.jsonc",
  "fairlead.yaml",
  "fairlead.yml",
  "fairlead.ts",
  "fairlead.mts",
  "fairlead.mjs",
  "fairlead.js",
];

const isAbsolute = (path: string): boolean => /^(?:[/\\]|[a-z]:[/\\])/i.test(path);

/** `path` seen from `directory`. */
export const within = (directory: string, path: string): string =>
  isAbsolute(path) ? path : `${directory.replace(/[/\\]$/, "")}/${path.replace(/^\.\//, "")}`;

export const directoryOf = (path: string): string => path.replace(/[/\\][^/\\]*$/, "") || "/";

const fail = (source: string, message: string): ConfigError =>
  new ConfigError([{ path: [], at: "value", message, place: { source } }]);

/** Why a file can't be read, in words. */
export const whyUnreadable = (error: unknown): string => {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  const name = error instanceof Error ? error.name : "";
  if (code === "ENOENT" || name === "NotFound") return "there is no such file";
  if (code === "EACCES" || code === "EPERM" || name === "PermissionDenied" || name === "NotCapable") {
    return "the file may not be read";
  }
  if (code === "EISDIR" || name === "IsADirectory") return "this is a directory";
  return "the file can't be read";
};

const textFile = (
  name: string,
  path: string,
  text: string,
  { input, faults = [] }: Pick<Source, "input" | "faults">,
  locate: () => Promise<Locate>,
): ConfigFile => ({
  name,
  path,
  input,
  problems: faultsOf(name, text, faults),
  places: async () => {
    const find = await locate();
    const placeOf = placesIn(name, text);
    return (at, side) => {
      const span = find(at, side);
      return span === undefined ? { source: name } : placeOf(span);
    };
  },
});

const readJsonFile = async (name: string, path: string, text: string): Promise<ConfigFile> => {
  const closely = async (): Promise<Source> =>
    accepted(name, text, (await import("./json-text.ts")).readJson(text));
  const plain = readPlainJson(text);
  if (plain !== undefined) return textFile(name, path, text, plain, async () => (await closely()).locate);
  const source = await closely();
  return textFile(name, path, text, source, () => Promise.resolve(source.locate));
};

const accepted = (name: string, text: string, read: Source | Malformed): Source => {
  if ("input" in read) return read;
  throw new ConfigError(faultsOf(name, text, read.faults));
};

const readYamlFile = async (name: string, path: string, text: string): Promise<ConfigFile> => {
  const { readYaml } = await import("./yaml-text.ts");
  const source = accepted(name, text, readYaml(text));
  return textFile(name, path, text, source, () => Promise.resolve(source.locate));
};

const importFile = async (name: string, path: string, access: FileAccess): Promise<ConfigFile> => {
  const { importConfig } = await import("./config-module.ts");
  const input = await importConfig(name, path, access.importModule);
  return { name, path, input, problems: [], places: () => Promise.resolve(() => ({ source: name })) };
};

const readText = async (name: string, path: string, access: FileAccess): Promise<string> => {
  try {
    return (await access.readText(path)).replace(/^\u{feff}/u, "");
  } catch (error) {
    throw fail(name, whyUnreadable(error));
  }
};

type Kind = (name: string, path: string, access: FileAccess) => Promise<ConfigFile>;

const ofText =
  (read: (name: string, path: string, text: string) => Promise<ConfigFile>): Kind =>
  async (name, path, access) => {
    const text = await readText(name, path, access);
    try {
      return await read(name, path, text);
    } catch (error) {
      throw error instanceof RangeError ? fail(name, "nested too deeply") : error;
    }
  };

/** By the end of the name. */
const KINDS: ReadonlyMap<string, Kind> = new Map([
  [".json", ofText(readJsonFile)],
  [".jsonc", ofText(readJsonFile)],
  [".yaml", ofText(readYamlFile)],
  [".yml", ofText(readYamlFile)],
  [".ts", importFile],
  [".mts", importFile],
  [".js", importFile],
  [".mjs", importFile],
]);

/**
 * Reads the file called `name`, seen from `cwd`: JSON (comments allowed), YAML, or a module's default export.
 *
 * @throws ConfigError when it is missing, unreadable, malformed or of another kind.
 */
export const readConfigFile = async (name: string, cwd: string, access: FileAccess): Promise<ConfigFile> => {
  const read = KINDS.get(/\.[a-z]+$/i.exec(name)?.[0].toLowerCase() ?? "");
  if (read === undefined) throw fail(name, `unknown kind of file; expected ${anyOf([...KINDS.keys()])}`);
  const file = await read(name, within(cwd, name), access);
  if (isRecord(file.input)) return file;
  const place = (await file.places())([], "value") ?? { source: name };
  throw new ConfigError([
    { path: [], at: "value", message: `expected an object, found ${showValue(file.input)}`, place },
  ]);
};

/** The first of `DEFAULT_FILES` in `cwd`; undefined where there is none. */
export const discoverConfigFile = async (
  cwd: string,
  access: FileAccess,
): Promise<ConfigFile | undefined> => {
  for (const name of DEFAULT_FILES) {
    try {
      await access.readText(within(cwd, name));
    } catch (error) {
      if (whyUnreadable(error) === "there is no such file") continue;
    }
    return readConfigFile(name, cwd, access);
  }
  return undefined;
};
