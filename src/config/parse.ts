/** From what people write to what the proxy reads. Needs no runtime: files and environments are read elsewhere. */
import * as v from "valibot";
import type { InspectTls } from "../core/tls-inspection.ts";
import { ConfigError } from "./config-error.ts";
import { MASK } from "./masking.ts";
import { replaceAt } from "./merge.ts";
import { valueAt } from "./paths.ts";
import { type ConfigPath, type ConfigProblem, showValue } from "./problem.ts";
import { checkRoutes } from "./routes-check.ts";
import { NO_CREDENTIALS } from "./schema/addresses.ts";
import { configSchema } from "./schema/config.ts";
import { isRecord } from "./schema/run.ts";
import { type IsSecret, isSecretPlace } from "./secret-places.ts";
import { coerce, shapeAt } from "./shape.ts";
import { checkTls } from "./tls-check.ts";
import type { Config, ConfigInput } from "./types.ts";
import { type Env, type LookUp, lookUpEnv, pathKey, type Resolved, resolveVariables } from "./variables.ts";

const keysOf = (issue: v.BaseIssue<unknown>): (string | number)[] =>
  (issue.path ?? []).map(({ key }) => (typeof key === "number" ? key : String(key)));

const problemOf = (issue: v.BaseIssue<unknown>, isSecret: IsSecret): ConfigProblem => {
  const path = keysOf(issue);
  const at = issue.path?.at(-1)?.origin === "key" ? "key" : "value";
  if (issue.expected === null) return { path, at, message: issue.message };
  const secret = at === "value" && isSecret(path);
  const found = secret ? "a secret value" : showValue(issue.input);
  const { expected } = issue;
  // Other notes may quote the value.
  const hidden = secret && issue.message !== NO_CREDENTIALS;
  const note = issue.message === "" || hidden ? "" : `; ${issue.message}`;
  return { path, at, message: `expected ${expected}, found ${found}${note}`, expected, found };
};

/** Everything that is wrong with `input`, by path below it. */
export const problemsOf = (
  schema: v.GenericSchema,
  input: unknown,
  isSecret: IsSecret = isSecretPlace,
): readonly ConfigProblem[] =>
  (v.safeParse(schema, input).issues ?? []).map((issue) => problemOf(issue, isSecret));

/** A config, or everything that is wrong with it. */
export type Checked =
  | {
      readonly ok: true;
      readonly config: Config;
      /** With `${env:…}` and `${file:…}` resolved. */
      readonly input: unknown;
      /** By `pathKey`: what to show instead of texts that hold a secret. */
      readonly secrets: ReadonlyMap<string, string>;
      /** What came from elsewhere and is used as text. */
      readonly secretTexts: ReadonlySet<string>;
    }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Numbers, flags and lists that came as text, because references can only be text; and what stays text. */
const typed = ({ value, secrets, texts }: Resolved): { input: unknown; secretTexts: ReadonlySet<string> } => {
  let input = value;
  const remaining = new Map(texts);
  for (const [key, shown] of secrets) {
    if (shown !== MASK) continue;
    const path = JSON.parse(key) as ConfigPath;
    const shape = shapeAt(configSchema, path);
    const text = valueAt(input, path);
    if (shape === undefined || shape.text || typeof text !== "string") continue;
    const coerced = coerce(shape, text);
    input = replaceAt(input, path, coerced);
    if (Array.isArray(coerced)) remaining.set(key, coerced as string[]);
    else if (typeof coerced !== "string") remaining.delete(key);
  }
  return { input, secretTexts: new Set([...remaining.values()].flat()) };
};

/** Problems that stand beside `others`: what is wrong already is not looked at any closer. */
const beside = (others: readonly ConfigProblem[], problems: readonly ConfigProblem[]): ConfigProblem[] => {
  if (problems.length === 0) return [];
  const wrong = new Set(others.map(({ path }) => pathKey(path)));
  return problems.filter(({ path }) => !wrong.has(pathKey(path)));
};

/** Resolves what `given` takes from elsewhere, then checks it, certificates with `inspectTls`. */
export const checkConfig = (given: unknown, lookUp: LookUp, inspectTls: InspectTls = () => []): Checked => {
  const resolved = resolveVariables(given, lookUp);
  const { input, secretTexts } = typed(resolved);
  const isSecret: IsSecret = (path) => resolved.secrets.has(pathKey(path)) || isSecretPlace(path);
  const parsed = v.safeParse(configSchema, input);
  const found = [
    ...(parsed.issues ?? []).map((issue) => problemOf(issue, isSecret)),
    ...checkRoutes(input, isSecret),
  ];
  const written = [...resolved.problems, ...beside(resolved.problems, found)];
  const tls = checkTls(isRecord(input) ? input["upstreams"] : undefined, inspectTls);
  const problems = [...written, ...beside(written, tls)];
  return parsed.success && problems.length === 0
    ? { ok: true, config: parsed.output, input, secrets: resolved.secrets, secretTexts }
    : { ok: false, problems };
};

export interface ParseOptions {
  /** What `${env:NAME}` is looked up in. @default {} */
  readonly env?: Env;
}

/**
 * Fills in defaults, resolves units and spells out short forms.
 *
 * Reads no file, so `${file:…}` is an error here.
 *
 * @throws ConfigError with everything that is wrong with `input`.
 */
export const parseConfig = (input: unknown, { env = {} }: ParseOptions = {}): Config => {
  const checked = checkConfig(input, (kind, name) =>
    kind === "env" ? lookUpEnv(env, name) : { problem: "files can't be read here; give the text itself" },
  );
  if (!checked.ok) throw new ConfigError(checked.problems);
  return checked.config;
};

/** Gives a config in a TypeScript module its type; changes nothing. */
export const defineConfig = <const Input extends ConfigInput>(config: Input): Input => config;
