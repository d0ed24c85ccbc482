/** `${env:NAME}` and `${file:PATH}`: values that a config takes from elsewhere when it is loaded. */
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
  readonly problems: readonly ConfigProblem[];
}

/** Environment variables, or bindings of a Worker that are text. */
export type Env = Readonly<Record<string, string | undefined>>;

export const MASK = "***";

export const pathKey = (path: ConfigPath): string => JSON.stringify(path);

/** `name` in `env`. */
export const lookUpEnv = (env: Env, name: string): Looked => {
  const text = env[name];
  if (text !== undefined) return { text };
  const meant = nearestName(name, Object.keys(env));
  const problem = `the environment variable ${name} is not set`;
  return meant === undefined
    ? { problem }
    : { problem: `${problem}; did you mean ${meant}?`, nearest: meant };
};

/** Whether there is anything to resolve; most configs have nothing. */
const mentions = (value: unknown): boolean => {
  if (typeof value === "string") return value.includes("${env:") || value.includes("${file:");
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some(mentions);
};

/** Calls `visit` for each reference in `value`. */
export const references = (
  value: unknown,
  visit: (kind: "env" | "file", name: string, path: ConfigPath) => void,
  path: ConfigPath = [],
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
    references(item, visit, [...path, isList ? Number(key) : key]);
};

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** Puts in what references stand for. Untouched parts of the tree stay the same objects. */
export const resolveVariables = (input: unknown, lookUp: LookUp): Resolved => {
  if (!mentions(input)) return { value: input, secrets: new Map(), problems: [] };
  const secrets = new Map<string, string>();
  const problems: ConfigProblem[] = [];
  const text = (given: string, path: ConfigPath): string => {
    let found = false;
    const put = given.replaceAll(REFERENCE, (whole, literal: string, kind: "env" | "file", name: string) => {
      if (literal !== "") return whole;
      const looked = lookUp(kind, name, path);
      if ("problem" in looked) {
        const { problem: message, ...rest } = looked;
        problems.push({ path, at: "value", message, ...rest });
        return whole;
      }
      found = true;
      // What came from elsewhere is text, never a variable of its own.
      return looked.text.replaceAll("${", "$${");
    });
    if (found)
      secrets.set(
        pathKey(path),
        given.replaceAll(REFERENCE, (whole, literal) => (literal === "" ? MASK : whole)),
      );
    return put;
  };
  const walk = (value: unknown, path: ConfigPath): unknown => {
    if (typeof value === "string") return value.includes("${") ? text(value, path) : value;
    if (Array.isArray(value)) {
      const list = value.map((item, index): unknown => walk(item, [...path, index]));
      return list.every((item, index) => item === value[index]) ? value : list;
    }
    if (typeof value !== "object" || value === null || !isPlain(value)) return value;
    const entries = Object.entries(value);
    const walked = entries.map(([key, item]): [string, unknown] => [key, walk(item, [...path, key])]);
    return walked.every(([, item], index) => item === entries[index]?.[1])
      ? value
      : Object.fromEntries(walked);
  };
  return { value: walk(input, []), secrets, problems };
};
