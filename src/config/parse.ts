/** From what people write to what the proxy reads. Needs no runtime: files and environments are read elsewhere. */
import type { InspectTls } from "../core/tls-inspection.ts";
import { checkTls } from "./certificates.ts";
import { ConfigError } from "./config-error.ts";
import { checkWhole } from "./cross-checks.ts";
import { type ConfigProblem, showValue } from "./problem.ts";
import { type Env, type LookUp, lookUpEnv, pathKey, type Resolved, resolve } from "./references.ts";
import { type Issue, Reading } from "./schema/reading.ts";
import type { Schema } from "./schema/schema.ts";
import { type IsSecret, isSecretPlace } from "./secrets.ts";
import { configSchema } from "./settings/config.ts";
import { type ShownConfig, shownConfig } from "./shown-config.ts";
import type { Config, ConfigInput } from "./types.ts";

const problemOf = ({ path, at, value, expected, note, isSafe }: Issue, isSecret: IsSecret): ConfigProblem => {
  if (expected === undefined) return { path, at, message: note };
  const isHidden = at === "value" && isSecret(path, value);
  const found = isHidden ? "a secret value" : showValue(value);
  const more = note === "" || (isHidden && !isSafe) ? "" : `; ${note}`;
  return { path, at, message: `expected ${expected}, found ${found}${more}`, expected, found };
};

/** Reads `input` by `schema`. `output` is undefined where anything is wrong; `problems` have their paths below `input`. */
export const readBy = <Output>(
  schema: Schema<Output>,
  input: unknown,
): { readonly output: Output | undefined; readonly problems: readonly ConfigProblem[] } => {
  const reading = new Reading();
  const output = schema.read(input, reading);
  const isSecret: IsSecret = (path, value) => isSecretPlace(schema, path, value);
  return { output, problems: reading.issues.map((issue) => problemOf(issue, isSecret)) };
};

/**
 * Reads `input`, called `name` in messages, by `schema`.
 *
 * @throws ConfigError with everything that is wrong with it: `name.key: expected …, found …`.
 */
export const readNamed = <Output>(name: string, input: unknown, schema: Schema<Output>): Output => {
  const { output, problems } = readBy(schema, input);
  if (problems.length > 0 || output === undefined) throw problemsNamed(name, problems);
  return output;
};

/** `problems` with paths below `name`. */
export const problemsNamed = (name: string, problems: readonly ConfigProblem[]): ConfigError =>
  new ConfigError(problems.map((problem) => ({ ...problem, path: [name, ...problem.path] })));

/** A config, or everything that is wrong with it. */
export type Checked = { readonly resolved: Resolved } & (
  | { readonly config: Config; readonly problems: readonly [] }
  | { readonly config: undefined; readonly problems: readonly ConfigProblem[] }
);

/** Those of `problems` that stand at none of the places of `others`: what is wrong already is not looked at any closer. */
const elsewhere = (
  others: readonly Pick<ConfigProblem, "path">[],
  problems: readonly ConfigProblem[],
): ConfigProblem[] => {
  const wrong = new Set(others.map(({ path }) => pathKey(path)));
  return problems.filter(({ path }) => !wrong.has(pathKey(path)));
};

/**
 * Resolves what `given` takes from elsewhere, then checks it, certificates with `inspectTls`.
 *
 * @param refers whether it takes anything from elsewhere, where that is known.
 */
export const checkConfig = (
  given: unknown,
  lookUp: LookUp,
  inspectTls: InspectTls = () => [],
  refers?: boolean,
): Checked => {
  const resolved = resolve(configSchema, given, lookUp, refers);
  const { value: input, secrets } = resolved;
  const isSecret: IsSecret = (path, value) =>
    path.some((_, end) => secrets.has(pathKey(path.slice(0, end + 1)))) ||
    isSecretPlace(configSchema, path, value);
  const reading = new Reading();
  const config = configSchema.read(input, reading);
  const found = [
    ...reading.issues.map((issue) => problemOf(issue, isSecret)),
    ...checkWhole(input, reading.mentionsSince(0, "upstream"), isSecret),
  ];
  const written = [...resolved.problems, ...elsewhere([...resolved.problems, ...resolved.later], found)];
  const problems = [...written, ...elsewhere(written, checkTls(input, inspectTls))];
  return config !== undefined && problems.length === 0
    ? { resolved, config, problems: [] }
    : { resolved, config: undefined, problems };
};

export interface ParseOptions {
  /** What `${env:NAME}` is looked up in. @default {} */
  readonly env?: Env;
}

/** A config, and what may be shown of it. */
export interface ReadConfig extends ShownConfig {
  readonly config: Config;
}

/**
 * As `parseConfig`, for those who show the config too: `serve(config, { origin })` lets the admin API do so.
 *
 * @throws ConfigError with everything that is wrong with `input`.
 */
export const readConfig = (input: unknown, { env = {} }: ParseOptions = {}): ReadConfig => {
  const { config, problems, resolved } = checkConfig(input, (kind, name) =>
    kind === "env" ? lookUpEnv(env, name) : { problem: "files can't be read here; give the text itself" },
  );
  if (config === undefined) throw new ConfigError(problems);
  return { ...shownConfig(resolved, config), config };
};

/**
 * Fills in defaults, resolves units and spells out short forms.
 *
 * Reads no file, so `${file:…}` is an error here.
 *
 * @throws ConfigError with everything that is wrong with `input`.
 */
export const parseConfig = (input: unknown, options: ParseOptions = {}): Config =>
  readConfig(input, options).config;

/**
 * Gives a config in a TypeScript module its type; changes nothing. Misspelt keys and routes to upstreams that are not
 * there don't compile; `defineConfig<string>` leaves the names of upstreams to the check at load. Keys that begin with `x-` are
 * ignored, as in a file.
 */
export const defineConfig = <const Upstream extends string>(
  config: ConfigInput<Upstream> & { readonly [key: `x-${string}`]: unknown },
): ConfigInput => config;
