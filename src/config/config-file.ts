/** Config files by their kind. */
import { ConfigError, unusable } from "./config-error.ts";
import { anyOf, type ConfigPath, type ConfigProblem, type Place, showValue } from "./problem.ts";
import { faultsOf, type Malformed, placesIn, type Source, spanAt } from "./source-text.ts";
import { isRecord } from "./tree.ts";

/** What reading needs of the runtime. */
export interface FileAccess {
  /** Rejects with an error whose `code` is "ENOENT" when there is no such file. */
  readonly readText: (path: string) => Promise<string>;
  /** Imports a module by its absolute path. */
  readonly importModule: (path: string) => Promise<unknown>;
}

/** Says where things stand in a file. */
export type PlaceOf = (path: ConfigPath, at: "key" | "value") => Place;

/** A config file that was read. */
export interface ConfigFile {
  /** As people call it. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly input: unknown;
  /** What is wrong with its text and yet leaves it readable. */
  readonly problems: readonly ConfigProblem[];
  /** Costs a second reading of some files, so it is asked for where something is wrong alone. */
  readonly places: () => Promise<PlaceOf>;
}

const isAbsolute = (path: string): boolean => /^(?:[/\\]|[a-z]:[/\\])/i.test(path);

/** `path` seen from `directory`. */
export const within = (directory: string, path: string): string =>
  isAbsolute(path) ? path : `${directory.replace(/[/\\]$/, "")}/${path.replace(/^\.\//, "")}`;

export const directoryOf = (path: string): string => path.replace(/[/\\][^/\\]*$/, "") || "/";

/** Why a file can't be read, in words. */
export const whyUnreadable = (error: unknown): string => {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  const name = error instanceof Error ? error.name : "";
  if (code === "ENOENT" || name === "NotFound") return "there is no such file";
  if (code === "EACCES" || code === "EPERM" || name === "PermissionDenied" || name === "NotCapable") {
    return "the file may not be read";
  }
  if (code === "EFTYPE") return "this is no file but a device";
  if (code === "EFBIG") return "the file is larger than 16 MiB";
  return code === "EISDIR" || name === "IsADirectory" ? "this is a directory" : "the file can't be read";
};

/** What is known of a file before it is read. */
interface Named {
  readonly name: string;
  readonly path: string;
}

type Kind = (file: Named, access: FileAccess) => Promise<ConfigFile>;

const readRaw = ({ name, path }: Named, access: FileAccess): Promise<string> =>
  access.readText(path).catch((error: unknown) => {
    throw unusable({ source: name }, whyUnreadable(error));
  });

const accepted = ({ name }: Named, text: string, read: Source | Malformed): Source => {
  if ("input" in read) return read;
  throw new ConfigError(faultsOf(name, text, read.faults));
};

/** The number of keys in a value. */
const keysOf = (value: unknown): number => {
  if (typeof value !== "object" || value === null) return 0;
  let count = Array.isArray(value) ? 0 : Object.keys(value).length;
  for (const item of Object.values(value)) count += keysOf(item);
  return count;
};

/** The number of strings in the text of JSON that a colon follows. */
const keysIn = (text: string): number => {
  const string = /"(?:[^"\\]|\\.)*"(?:\s*:)?/g;
  let count = 0;
  while (string.test(text)) if (text[string.lastIndex - 1] === ":") count++;
  return count;
};

/** Plain JSON without a repeated key, which needs no positions unless something else is wrong. */
const readPlainJson = (text: string): unknown => {
  try {
    const input: unknown = JSON.parse(text);
    return keysOf(input) === keysIn(text) ? input : undefined;
  } catch {
    return undefined;
  }
};

/** Reads text with positions; `quickly` without them, where that suffices. */
const ofText =
  (closely: (text: string) => Promise<Source | Malformed>, quickly?: (text: string) => unknown): Kind =>
  async (file, access) => {
    const raw = await readRaw(file, access);
    const text = raw.replace(/^\u{feff}/u, "");
    const readClosely = async (): Promise<Source> => accepted(file, text, await closely(text));
    try {
      const plain = quickly?.(text);
      const source = plain === undefined ? await readClosely() : undefined;
      return {
        ...file,
        input: source === undefined ? plain : source.input,
        problems: faultsOf(file.name, text, source?.faults ?? []),
        places: async () => {
          const { root } = source ?? (await readClosely());
          const placeOf = placesIn(file.name, text);
          return (path, at) => placeOf(spanAt(root, path, at));
        },
      };
    } catch (error) {
      throw error instanceof RangeError ? unusable({ source: file.name }, "nested too deeply") : error;
    }
  };

const json = ofText(async (text) => (await import("./json-text.ts")).readJson(text), readPlainJson);
const yaml = ofText(async (text) => (await import("./yaml-text.ts")).readYaml(text));

const importFile: Kind = async (file, access) => {
  // Says why the file can't be read, as for other kinds; an import would not.
  await readRaw(file, access);
  const { importConfig } = await import("./config-module.ts");
  const input = await importConfig(file.name, file.path, access.importModule);
  return { ...file, input, problems: [], places: () => Promise.resolve(() => ({ source: file.name })) };
};

/** By the end of the name, in the order in which they are looked for. */
const KINDS: ReadonlyMap<string, Kind> = new Map([
  [".json", json],
  [".jsonc", json],
  [".yaml", yaml],
  [".yml", yaml],
  [".ts", importFile],
  [".mts", importFile],
  [".js", importFile],
  [".mjs", importFile],
]);

/** Names that are looked for, in this order, where none is given. */
export const DEFAULT_FILES: readonly string[] = Array.from(KINDS.keys(), (end) => `fairlead${end}`);

/**
 * Reads the file called `name`, seen from `cwd`: JSON (comments allowed), YAML, or a module's default export.
 *
 * @throws ConfigError when it is missing, unreadable, malformed or of another kind.
 */
export const readConfigFile = async (name: string, cwd: string, access: FileAccess): Promise<ConfigFile> => {
  const read = KINDS.get(/\.[a-z]+$/i.exec(name)?.[0].toLowerCase() ?? "");
  if (read === undefined)
    throw unusable({ source: name }, `unknown kind of file; expected ${anyOf([...KINDS.keys()])}`);
  const file = await read({ name, path: within(cwd, name) }, access);
  if (isRecord(file.input)) return file;
  const place = (await file.places())([], "value");
  throw unusable(place, `expected an object, found ${showValue(file.input)}`);
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
