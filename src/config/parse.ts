/** From what people write to what the proxy reads. Needs no runtime: files and environments are read elsewhere. */
import * as v from "valibot";
import { ConfigError } from "./config-error.ts";
import { type ConfigPath, type ConfigProblem, showValue } from "./problem.ts";
import { checkRoutes } from "./routes-check.ts";
import { configSchema } from "./schema/config.ts";
import type { Config, ConfigInput } from "./types.ts";

/** Says of a path whether its value must not be shown. */
export type IsSecret = (path: ConfigPath) => boolean;

const keysOf = (issue: v.BaseIssue<unknown>): (string | number)[] =>
  (issue.path ?? []).map(({ key }) => (typeof key === "number" ? key : String(key)));

const problemOf = (issue: v.BaseIssue<unknown>, isSecret: IsSecret): ConfigProblem => {
  const path = keysOf(issue);
  const at = issue.path?.at(-1)?.origin === "key" ? "key" : "value";
  if (issue.expected === null) return { path, at, message: issue.message };
  const secret = at === "value" && isSecret(path);
  const found = secret ? "a secret value" : showValue(issue.input);
  const { expected } = issue;
  const note = issue.message === "" || secret ? "" : `; ${issue.message}`;
  return { path, at, message: `expected ${expected}, found ${found}${note}`, expected, found };
};

/** A config, or everything that is wrong with it. */
export type Checked =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Checks `input`, in which `${env:…}` and `${file:…}` are resolved already. */
export const checkConfig = (input: unknown, isSecret: IsSecret = () => false): Checked => {
  const parsed = v.safeParse(configSchema, input);
  const problems = [
    ...(parsed.issues ?? []).map((issue) => problemOf(issue, isSecret)),
    ...checkRoutes(input),
  ];
  return parsed.success && problems.length === 0
    ? { ok: true, config: parsed.output }
    : { ok: false, problems };
};

/**
 * Fills in defaults, resolves units and spells out short forms.
 *
 * @throws ConfigError with everything that is wrong with `input`.
 */
export const parseConfig = (input: unknown): Config => {
  const checked = checkConfig(input);
  if (!checked.ok) throw new ConfigError(checked.problems);
  return checked.config;
};

/** Gives a config in a TypeScript module its type; changes nothing. */
export const defineConfig = <const Input extends ConfigInput>(config: Input): Input => config;
