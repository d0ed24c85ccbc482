/** A config file that is checked where it is bundled, and read where its variables are: a Worker's. */
import type { Capability } from "../core/capability.ts";
import { ConfigError } from "./config-error.ts";
import { discoverConfigFile, type FileAccess } from "./config-file.ts";
import { effective } from "./effective.ts";
import { located } from "./locate.ts";
import { checkConfig } from "./parse.ts";
import type { Place } from "./problem.ts";
import { lookUpEnv, type LookUp } from "./references.ts";
import { refusals } from "./requirements.ts";
import { explicitPaths } from "./tree.ts";

/** Variables come later; there is no file system then. */
const lookUp: LookUp = (kind, name) => {
  if (kind === "file") return { problem: "files can't be read here; give the text itself" };
  const found = lookUpEnv({}, name);
  return "problem" in found && found.unset !== undefined ? { later: found.unset } : found;
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
  const { problems, resolved } = checkConfig(input, lookUp);
  const spelledOut = effective(input, () => undefined) as object;
  const found = [...file.problems, ...problems, ...refusals(spelledOut, explicitPaths(input), platform)];
  if (found.length > 0) throw new ConfigError(await located({ file, env: [], flags: [] }, found));
  const { later } = resolved;
  if (later.length === 0) return { name, input, variables: [] };
  const placeOf = await file.places();
  const first = later.filter((one, index) => later.findIndex((each) => each.name === one.name) === index);
  const variables = first.map((one) => ({ name: one.name, place: placeOf(one.path, "value") }));
  return { name, input, variables };
};
