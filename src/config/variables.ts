/** `${env:NAME}` and `${file:PATH}`: values that a config takes from elsewhere when it is loaded. */
import { ConfigError } from "./config-error.ts";
import { MASK } from "./masking.ts";
import type { ConfigPath, ConfigProblem } from "./problem.ts";
import { nearestName } from "../core/nearest.ts";

/** The dollar in front, if there is one, makes it literal text. */
const REFERENCE = /(\$?)\$\{(env|file):([^}]*)\}/g;

/** What a reference stands for, or why it stands for nothing. */
export type Looked = { readonly text: string } | { readonly problem: string; readonly nearest?: string };
export type LookUp = (kind: "env" | "file", name: string, path: ConfigPath) => Looked;

/** A tree of plain values with its references resolved. */
export interface Resolved {
  readonly value: unknown;
  /** By `pathKey`: the text with `***` in place of what came from elsewhere. */
  readonly secrets: ReadonlyMap<string, string>;
  /** By `pathKey`: what came from elsewhere. */
  readonly texts: ReadonlyMap<string, readonly string[]>;
  readonly problems: readonly ConfigProblem[];
}

/** Environment variables, or bindings of a Worker that are text. */
export type Env = Readonly<Record<string, string | undefined>>;

export const pathKey = (path: ConfigPath): string => JSON.stringify(path);

/** `name` in `env`. */
export const lookUpEnv = (env: Env, name: string): Looked => {
  // What an object inherits (`constructor`) is no variable of the environment.
  const text = Object.hasOwn(env, name) ? env[name] : undefined;
  if (text !== undefined) return { text };
  const [, plain] = /^(\w+):?[-=?+]/.exec(name) ?? [];
  // Without what stands behind it, which may be a password.
  if (plain !== undefined) return { problem: `there are no defaults here; expected \`\${env:${plain}}\`` };
  const meant = nearestName(name, Object.keys(env));
  const problem = `the environment variable ${name} is not set`;
  return meant === undefined
    ? { problem }
    : { problem: `${problem}; did you mean ${meant}?`, nearest: meant };
};

/** Deeper than any config is; only what holds itself gets there. */
const DEEPEST = 100;

const tooDeep = (): ConfigError =>
  new ConfigError([{ path: [], at: "value", message: "nested too deeply; does it hold itself?" }]);

/** Whether there is anything to resolve; most configs have nothing. */
const mentions = (value: unknown, depth = 0): boolean => {
  if (typeof value === "string") return value.includes("${env:") || value.includes("${file:");
  if (typeof value !== "object" || value === null) return false;
  if (depth > DEEPEST) throw tooDeep();
  let found = false;
  for (const key of Object.keys(value)) {
    if (mentions((value as Readonly<Record<string, unknown>>)[key], depth + 1)) found = true;
  }
  return found;
};

/** Calls `visit` for each reference in `value`. */
export const references = (
  value: unknown,
  visit: (kind: "env" | "file", name: string, path: ConfigPath) => void,
): void => {
  if (mentions(value)) referencesIn(value, visit, []);
};

const referencesIn = (
  value: unknown,
  visit: (kind: "env" | "file", name: string, path: ConfigPath) => void,
  path: ConfigPath,
): void => {
  if (typeof value === "string") {
    if (!value.includes("${")) return;
    for (const [, literal, kind, name = ""] of value.matchAll(REFERENCE)) {
      if (literal === "") visit(kind === "file" ? "file" : "env", name, path);
    }
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const isList = Array.isArray(value);
  for (const [key, item] of Object.entries(value))
    referencesIn(item, visit, [...path, isList ? Number(key) : key]);
};

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** What came from elsewhere is text, never the start of a variable. */
const escaped = (text: string): string => text.split("${").join("$${");

interface Found {
  readonly secrets: Map<string, string>;
  readonly texts: Map<string, readonly string[]>;
  readonly problems: ConfigProblem[];
}

const resolveText = (
  given: string,
  path: ConfigPath,
  lookUp: LookUp,
  { secrets, texts, problems }: Found,
): string => {
  const complain = (message: string, more: { readonly nearest?: string } = {}): void => {
    problems.push({ path, at: "value", message, ...more });
  };
  const looked: string[] = [];
  let found = false;
  const resolved = given.replaceAll(
    REFERENCE,
    (whole, literal: string, kind: "env" | "file", name: string, offset: number) => {
      if (literal !== "") return whole;
      found = true;
      if (name === "") {
        complain(`\`\${${kind}:}\` names ${kind === "env" ? "no variable" : "no file"}`);
        return whole;
      }
      const result = lookUp(kind, name, path);
      if ("problem" in result) {
        const { problem, ...more } = result;
        complain(problem, more);
        return whole;
      }
      looked.push(result.text);
      if (result.text.endsWith("$") && /[{$]/.test(given[offset + whole.length] ?? "")) {
        complain(`what stands for \${${kind}:${name}} ends in "$", so "{" or "$" can't follow it`);
      }
      return escaped(result.text);
    },
  );
  const masked = given.replaceAll(REFERENCE, (whole, literal: string) => (literal === "" ? MASK : whole));
  if (found) {
    secrets.set(pathKey(path), masked);
    texts.set(pathKey(path), looked);
  }
  return resolved;
};

const walk = (
  value: unknown,
  path: ConfigPath,
  text: (given: string, path: ConfigPath) => string,
): unknown => {
  if (typeof value === "string") return value.includes("${") ? text(value, path) : value;
  if (Array.isArray(value)) return value.map((item, index): unknown => walk(item, [...path, index], text));
  if (typeof value !== "object" || value === null || !isPlain(value)) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(entries.map(([key, item]) => [key, walk(item, [...path, key], text)]));
};

/** Puts in what references stand for. */
export const resolveVariables = (input: unknown, lookUp: LookUp): Resolved => {
  const found: Found = { secrets: new Map(), texts: new Map(), problems: [] };
  const value = mentions(input)
    ? walk(input, [], (text, path) => resolveText(text, path, lookUp, found))
    : input;
  return { value, ...found };
};
