/** The config that a command works on. */
import { ADMIN_SOURCE, refuseMasked } from "../handlers/config-document.ts";
import { ConfigError } from "../src/config/config-error.ts";
import { type LoadOptions, type LoadedConfig, loadConfig } from "../src/config/load.ts";
import { refusals } from "../src/config/requirements.ts";
import type { ConfigInput } from "../src/config/types.ts";
import { commandName } from "./command-name.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";
import type { Host } from "./host.ts";
import type { RuntimeProfile } from "./runtime-profile.ts";

/** Options that say where the config is. */
export interface ConfigOptions {
  readonly config?: string;
}

const FLAG_NAMES: Readonly<Record<string, string>> = { "listen.port": "--port", "listen.host": "--host" };

/** Reads file, environment and `flags`. Undefined where nobody names an upstream or a route. */
export const configured = (
  host: Host,
  options: ConfigOptions,
  flags: ConfigInput = {},
): Promise<LoadedConfig | undefined> =>
  loadConfig({
    ...(options.config === undefined ? {} : { file: options.config }),
    ...sourcesOf(host, flags),
  });

/** The sources of a config besides its file, and how files are read. */
const sourcesOf = (host: Host, flags: ConfigInput): Omit<LoadOptions, "file"> => ({
  env: host.env,
  flags,
  flagNames: FLAG_NAMES,
  cwd: host.cwd,
  readText: (path) => host.readText(path),
  importModule: (path) => host.modules.import(path),
  certificates: host.certificates,
});

/**
 * Reads a config that stands in place of the file, below the environment and `flags`. It may refer to what `first` refers to: those
 * who may change the config must not be able to read every file and variable of this process.
 *
 * @throws ConfigError with everything that is wrong.
 */
export const configuredDocument = async (
  host: Host,
  document: unknown,
  { flags, first }: { readonly flags: ConfigInput; readonly first: LoadedConfig },
): Promise<LoadedConfig> => {
  refuseMasked(document);
  const loaded = await loadConfig({
    document: { name: ADMIN_SOURCE, path: `${first.directory}/document`, input: document },
    mayRefer: first.references,
    ...sourcesOf(host, flags),
  });
  return loaded ?? nothingConfigured(host);
};

/** As `configured`; a `CliError` where nothing is. */
export const requireConfig = async (host: Host, options: ConfigOptions): Promise<LoadedConfig> =>
  (await configured(host, options)) ?? nothingConfigured(host);

const nothingConfigured = (host: Host): never => {
  throw new CliError(
    EXIT.usage,
    `there is no config in ${host.cwd}`,
    `write one with "${commandName(host)} init", or name one with --config`,
  );
};

/** Names that say where a config is: they don't count where the command line holds all of it. */
const ELSEWHERE = /^(?:FAIRLEAD|PINGORA)_(?:CONFIG|UPSTREAMS?)$/;

/** `flags` as a whole config: files are not looked for; the environment may still set what stands beside upstreams. */
export const configuredBy = async (host: Host, flags: ConfigInput): Promise<LoadedConfig> => {
  const missing = (): Promise<never> =>
    Promise.reject(Object.assign(new Error("no file is read"), { code: "ENOENT" }));
  const loaded = await loadConfig({
    env: Object.fromEntries(Object.entries(host.env).filter(([name]) => !ELSEWHERE.test(name))),
    flags,
    flagNames: FLAG_NAMES,
    cwd: host.cwd,
    readText: missing,
    importModule: missing,
    certificates: host.certificates,
  });
  return loaded ?? nothingConfigured(host);
};

/** @throws ConfigError with the places of everything that `profile` can't do. */
export const refuseUnsupported = async (loaded: LoadedConfig, profile: RuntimeProfile): Promise<void> => {
  const problems = refusals(loaded.config, loaded.explicit, profile);
  if (problems.length > 0) throw new ConfigError(await loaded.located(problems));
};
