/** Configs that come through the admin API. */
import { ConfigError } from "../src/config/config-error.ts";
import { MASK } from "../src/config/masking.ts";
import { readConfig } from "../src/config/parse.ts";
import {
  type ConfigPath,
  MOST_SHOWN,
  type ConfigProblem,
  problemAt,
  showPath,
} from "../src/config/problem.ts";
import type { ShownConfig } from "../src/config/shown-config.ts";
import { entriesOf, explicitPaths } from "../src/config/tree.ts";
import type { Config } from "../src/config/types.ts";
import type { ConfigDocument, ConfigVerdict } from "./control.ts";

/** Where a config comes from, and what may be shown of it. */
export interface ConfigOrigin extends ShownConfig {
  /** File, variables and flags that set something. @default none */
  readonly sources?: readonly string[] | undefined;
}

/** A config that was read. */
export interface ReadDocument extends ConfigOrigin {
  readonly config: Config;
  /** Dotted paths that somebody set. */
  readonly explicit: ReadonlySet<string>;
  /** Called once the config is in effect. */
  readonly adopted?: (() => void) | undefined;
}

/** Reads a document. Throws `ConfigError` with everything that is wrong with it. */
export type ReadConfigDocument = (document: ConfigDocument) => Promise<ReadDocument>;

/** What its source is called. */
export const ADMIN_SOURCE = "admin API";

/** Takes nothing from elsewhere: neither variables nor files. */
export const readPlainDocument: ReadConfigDocument = async (document) => {
  refuseMasked(document);
  return { ...readConfig(document), explicit: explicitPaths(document), sources: [ADMIN_SOURCE] };
};

/** A config that was shown has masks in place of its secrets, which would become secrets of their own. */
export const refuseMasked = (document: ConfigDocument): void => {
  const problems = entriesOf(document)
    .filter(([, value]) => typeof value === "string" && value.includes(MASK))
    .map(([path]) => maskProblem(path));
  if (problems.length > 0) throw new ConfigError(problems);
};

const maskProblem = (path: ConfigPath): ConfigProblem =>
  problemAt(path, `\`${MASK}\` stands for a secret that was not shown; write it, or a reference to it`);

/** The failure as a result; anything but problems with a config is thrown on. */
export const complaintsOf = (thrown: unknown): Extract<ConfigVerdict, { readonly ok: false }> => {
  if (!(thrown instanceof ConfigError)) throw thrown;
  const problems = thrown.problems
    .slice(0, MOST_SHOWN)
    .map(({ path, message }) => ({ path: showPath(path), message }));
  return { ok: false, problems };
};
