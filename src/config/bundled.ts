/** A config file that is checked where it is bundled, and read where its variables are: a Worker's. */
import type { Capability } from "../core/capability.ts";
import { ConfigError } from "./config-error.ts";
import { type ConfigFile, discoverConfigFile, type FileAccess } from "./config-file.ts";
import { effective } from "./effective.ts";
import { located } from "./locate.ts";
import { checkConfig } from "./parse.ts";
import type { ConfigPath, Place } from "./problem.ts";
import { lookUpEnv, type LookUp, references } from "./references.ts";
import { refusals } from "./requirements.ts";
import { configSchema } from "./settings/config.ts";
import { explicitPaths } from "./tree.ts";

const UNKNOWN_YET = "is not known yet";

/** Variables come later; there is no file system then. */
const lookUp: LookUp = (kind, name) => {
  if (kind === "file") return { problem: "files can't be read here; give the text itself" };
  const found = lookUpEnv({}, name);
  return "problem" in found && found.isUnset === true ? { problem: UNKNOWN_YET } : found;
};

/** A checked config file. */
export interface Bundled {
  /** As people call it. */
  readonly name: string;
  /** With its references as they are. */
  readonly input: unknown;
  /** What it will need, and where each is named first. */
  readonly variables: readonly { readonly name: string; readonly place: Place | undefined }[];
}

const variablesOf = async (file: ConfigFile): Promise<Bundled["variables"]> => {
  const first = new Map<string, ConfigPath>();
  references(configSchema, file.input, (_, name, path) => {
    if (!first.has(name) && !("text" in lookUpEnv({}, name))) first.set(name, path);
  });
  if (first.size === 0) return [];
  const placeOf = await file.places();
  return [...first].map(([name, path]) => ({ name, place: placeOf(path, "value") }));
};

/**
 * The config file of `cwd` that `platform` will run; undefined where there is none.
 *
 * @throws ConfigError with everything that is wrong with it whatever its variables hold, and all that `platform` can't do.
 */
export const readBundled = async (
  cwd: string,
  access: FileAccess,
  platform: { readonly name: string; readonly capabilities: ReadonlySet<Capability> },
): Promise<Bundled | undefined> => {
  const file = await discoverConfigFile(cwd, access);
  if (file === undefined) return undefined;
  const { name, input } = file;
  const problems = checkConfig(input, lookUp).problems.filter(({ message }) => message !== UNKNOWN_YET);
  const spelledOut = effective(input, () => undefined) as object;
  const found = [...file.problems, ...problems, ...refusals(spelledOut, explicitPaths(input), platform)];
  if (found.length > 0) throw new ConfigError(await located({ file, env: [], flags: [] }, found));
  return { name, input, variables: await variablesOf(file) };
};
