/** `${env:NAME}`, `${env:NAME:-default}` and `${file:PATH}`: what a config takes from elsewhere when it is loaded. */
import { nearestVariable } from "../core/nearest.ts";
import { ConfigError } from "./config-error.ts";
import { MASK } from "./masking.ts";
import { type ConfigPath, type ConfigProblem, problemAt } from "./problem.ts";
import { memberOf, presentName, type Schema } from "./schema/schema.ts";
import { escaped } from "./schema/values.ts";
import type { Tree } from "./tree.ts";

/** The dollar in front, if there is one, makes it literal text. */
const REFERENCE = /(\$?)\$\{(env|file):([^}]*)\}/g;

/** What a reference stands for, or why it stands for nothing. */
export type Looked =
  | { readonly text: string; readonly isDefault?: boolean }
  | { readonly problem: string; readonly unset?: string; readonly nearest?: string }
  /** The name of a variable whose value is not known yet: what refers to it is not checked now. */
  | { readonly later: string };
export type LookUp = (kind: "env" | "file", name: string, path: ConfigPath) => Looked;

/** Whether `text`, in quotes or not, begins with a reference that has no default. */
export const startsWithReference = (text: string): boolean => /^["']?\$\{(?:env|file):[^}:]*\}/.test(text);

/** The defaults that references in `text` have. */
export const defaultsIn = (text: string): string[] =>
  Array.from(text.matchAll(/\$\{env:\w+:-([^}]*)\}/g), ([, given = ""]) => given);

/** Environment variables, or bindings of a Worker that are text. */
export type Env = Readonly<Record<string, string | undefined>>;

/** `NAME` or `NAME:-default` in `env`; with `unset` the name of a variable that is not there. */
export const lookUpEnv = (env: Env, reference: string): Exclude<Looked, { readonly later: string }> => {
  const [, name = reference, operator, rest = ""] = /^(\w+)(:?[-=?+])(.*)$/s.exec(reference) ?? [];
  // What an object inherits (`constructor`) is no variable of the environment.
  const text = Object.hasOwn(env, name) ? env[name] : undefined;
  if (operator === ":-")
    return text === undefined || text === "" ? { text: rest, isDefault: true } : { text };
  if (operator !== undefined) {
    // Without what stands behind it, which may be a password.
    return { problem: `expected \`\${env:${name}}\` or, with a default, \`\${env:${name}:-default}\`` };
  }
  if (text !== undefined) return { text };
  const meant = nearestVariable(name, Object.keys(env));
  const problem = `the environment variable ${name} is not set`;
  return meant === undefined
    ? { problem, unset: name }
    : { problem: `${problem}; did you mean ${meant}?`, unset: name, nearest: meant };
};

/** A tree of plain values with its references resolved. */
export interface Resolved {
  readonly value: unknown;
  /** By `pathKey`: the text with `***` in place of what came from elsewhere. */
  readonly secrets: ReadonlyMap<string, string>;
  /** What came from elsewhere and is used as text. */
  readonly secretTexts: ReadonlySet<string>;
  readonly problems: readonly ConfigProblem[];
  /** Variables whose values are not known yet, with every place that refers to one. */
  readonly later: readonly { readonly name: string; readonly path: ConfigPath }[];
}

export const pathKey = (path: ConfigPath): string => JSON.stringify(path);

/** Deeper than any config is; only what holds itself gets there. */
const DEEPEST = 100;

/** What happens to a config on the way to its reading. */
interface Changes {
  readonly text: (text: string, path: ConfigPath, schema: Schema | undefined) => unknown;
  /** Hears of a key that is given by its former name too. */
  readonly clash?: (path: ConfigPath, present: string) => void;
}

/** `value` with other texts in it and keys by their present names; what does not change stays the same object. */
const change = (
  schema: Schema | undefined,
  value: unknown,
  path: (string | number)[],
  changes: Changes,
): unknown => {
  if (typeof value === "string") return value.includes("${") ? changes.text(value, [...path], schema) : value;
  if (typeof value !== "object" || value === null) return value;
  if (path.length > DEEPEST) {
    throw new ConfigError([problemAt([], "nested too deeply; does it hold itself?")]);
  }
  const isList = Array.isArray(value);
  const changed = new Map<string, readonly [name: string, value: unknown]>();
  for (const name of Object.keys(value)) {
    if (schema?.ignores !== undefined && name.startsWith(schema.ignores)) continue;
    const item = (value as Tree)[name];
    const present = schema === undefined ? name : presentName(schema, name);
    if (present !== name && Object.hasOwn(value, present)) changes.clash?.([...path, name], present);
    const key = isList ? Number(name) : present;
    path.push(key);
    const other = change(schema && memberOf(schema, key), item, path, changes);
    path.pop();
    if (other !== item || present !== name) changed.set(name, [present, other]);
  }
  if (changed.size === 0) return value;
  if (isList) return value.map((item: unknown, index) => (changed.get(String(index)) ?? [0, item])[1]);
  return Object.fromEntries(Object.entries(value).map((entry) => changed.get(entry[0]) ?? entry));
};

/** Whether `value` holds anything to change; most configs don't, and this is far less work than to walk through them. */
const needsChange = (schema: Schema, value: unknown): boolean => {
  try {
    return JSON.stringify([value]).includes("${") || schema.hasFormerNames === true;
  } catch {
    return true;
  }
};

/** Calls `visit` for each reference in `value`. Returns whether `resolve` has anything to do. */
export const references = (
  schema: Schema,
  value: unknown,
  visit: (kind: "env" | "file", name: string, path: ConfigPath) => void,
): boolean => {
  const text = (given: string, path: ConfigPath): string => {
    for (const [, literal, kind, name = ""] of given.matchAll(REFERENCE)) {
      if (literal === "") visit(kind === "file" ? "file" : "env", name, path);
    }
    return given;
  };
  const isNeeded = needsChange(schema, value);
  if (isNeeded) change(schema, value, [], { text });
  return isNeeded;
};

/** The items of a comma-separated list. */
export const listed = (text: string): string[] =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");

/** A text that came from outside, as the type that `schema` takes there. */
export const coerce = (schema: Schema, text: string): unknown => {
  const { scalars, element } = schema;
  if (element !== undefined && element.scalars.length > 0) {
    return listed(text).map((item) => coerce(element, item));
  }
  if (text === "false" && scalars.includes("boolean")) return false;
  if (text === "true" && scalars.includes("boolean") && !scalars.includes("string")) return true;
  return scalars.includes("number") && /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;
};

/** What one reference stands for. */
type Found = Extract<Looked, { readonly text: string }>;

/** Puts in what references stand for; where one stands alone, as the type that `schema` takes there. */
export const resolve = (
  schema: Schema,
  input: unknown,
  lookUp: LookUp,
  isNeeded: boolean = needsChange(schema, input),
): Resolved => {
  const secrets = new Map<string, string>();
  const secretTexts = new Set<string>();
  const problems: ConfigProblem[] = [];
  const later: { name: string; path: ConfigPath }[] = [];
  const find = (
    given: string,
    { 0: whole, 1: literal, 2: kind, 3: name = "", index }: RegExpExecArray,
    path: ConfigPath,
  ): Found | undefined => {
    const complain = (message: string, nearest?: string): void => {
      problems.push(problemAt(path, message, nearest === undefined ? {} : { nearest }));
    };
    if (literal !== "") return undefined;
    const unnamed = { problem: `\`\${${kind}:}\` names ${kind === "env" ? "no variable" : "no file"}` };
    const looked: Looked = name === "" ? unnamed : lookUp(kind === "file" ? "file" : "env", name, path);
    if ("later" in looked) {
      later.push({ name: looked.later, path });
      return undefined;
    }
    if ("problem" in looked) {
      complain(looked.problem, looked.nearest);
      return undefined;
    }
    if (looked.text.endsWith("$") && /[{$]/.test(given[index + whole.length] ?? "")) {
      complain(`what stands for ${whole} ends in "$", so "{" or "$" can't follow it`);
    }
    return looked;
  };
  const text: Changes["text"] = (given, path, at) => {
    const found = Array.from(given.matchAll(REFERENCE), (match) => find(given, match, path));
    const filled = (show: (each: Found) => string): string => {
      const left = found.values();
      return given.replaceAll(REFERENCE, (whole) => {
        const each = left.next().value;
        return each === undefined ? whole : show(each);
      });
    };
    const resolved = filled((each) => escaped(each.text));
    const isAlone = /^\$\{[^}]*\}$/.test(given);
    const value =
      isAlone && at !== undefined && !at.scalars.includes("string") ? coerce(at, resolved) : resolved;
    const secret = found.filter((each) => each !== undefined && each.isDefault !== true);
    if (secret.length === 0) return value;
    secrets.set(
      pathKey(path),
      filled((each) => (each.isDefault === true ? each.text : MASK)),
    );
    const texts = Array.isArray(value) ? value.map(String) : secret.map((each) => each?.text ?? "");
    if (typeof value === "string" || Array.isArray(value)) for (const each of texts) secretTexts.add(each);
    return value;
  };
  const clash: Changes["clash"] = (path, present) => {
    problems.push({ path, at: "key", message: `is now called \`${present}\`, which is given too` });
  };
  const value = isNeeded ? change(schema, input, [], { text, clash }) : input;
  return { value, secrets, secretTexts, problems, later };
};
