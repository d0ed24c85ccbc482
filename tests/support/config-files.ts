/** Config files that exist in memory, for whoever loads configs. */
import { ConfigError } from "../../src/config/config-error.ts";
import { type LoadedConfig, loadConfig, type LoadOptions } from "../../src/config/load.ts";

export interface Sources extends Partial<
  Pick<LoadOptions, "file" | "env" | "flags" | "flagNames" | "certificates">
> {
  /** Texts by path, seen from the working directory. */
  readonly files?: Readonly<Record<string, string>>;
  /** Default exports by path. */
  readonly modules?: Readonly<Record<string, unknown>>;
}

const CWD = "/site";

const inCwd = (path: string): string => (path.startsWith(`${CWD}/`) ? path.slice(CWD.length + 1) : path);

/** Loads a config from memory. */
export const load = ({ files = {}, modules = {}, ...rest }: Sources): Promise<LoadedConfig | undefined> =>
  loadConfig({
    env: {},
    flags: {},
    ...rest,
    cwd: CWD,
    readText: (path) => {
      const text = files[inCwd(path)];
      if (text !== undefined) return Promise.resolve(text);
      const exists = inCwd(path) in modules;
      return exists
        ? Promise.resolve("")
        : Promise.reject(Object.assign(new Error(`no ${path}`), { code: "ENOENT" }));
    },
    importModule: (path) => Promise.resolve({ default: modules[inCwd(path)] }),
  });

/** As `load`, where there must be a config. */
export const loadSome = async (sources: Sources): Promise<LoadedConfig> => {
  const loaded = await load(sources);
  if (loaded === undefined) throw new Error("nothing is configured");
  return loaded;
};

/** What is said against a config. */
export const reportOf = async (sources: Sources): Promise<string> => {
  try {
    await load(sources);
  } catch (error) {
    if (error instanceof ConfigError) return error.report;
    throw error;
  }
  return "accepted";
};
