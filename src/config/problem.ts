/** One thing that is wrong with a config. */
import { holdsPrivateKey, maskUserinfo } from "./masking.ts";

/** Keys and indexes from the root of the input. */
export type ConfigPath = readonly (string | number)[];

/** Where in a text something stands. Lines and columns count from 1; columns in UTF-16 code units. */
export interface Place {
  /** File, environment variable or flag, as people know it. */
  readonly source: string;
  readonly line?: number;
  readonly column?: number;
  /** The line itself, and how much of it from `column` on is meant. */
  readonly text?: string;
  readonly length?: number;
}

export interface ConfigProblem {
  readonly path: ConfigPath;
  /** Whether the key itself is wrong, or its value. */
  readonly at: "key" | "value";
  /** One sentence, without the path. */
  readonly message: string;
  readonly expected?: string;
  readonly found?: string;
  /** Nearest valid name where one was misspelt. */
  readonly nearest?: string;
  readonly place?: Place;
}

/** What is wrong with the value at `path`. */
export const problemAt = (
  path: ConfigPath,
  message: string,
  more: Pick<ConfigProblem, "nearest" | "place"> = {},
): ConfigProblem => ({ path, at: "value", message, ...more });

/** Most problems that a report shows. */
export const MOST_SHOWN = 100;

/** The order of the file where there is one. */
export const byPlace = (a: ConfigProblem, b: ConfigProblem): number =>
  (a.place?.line ?? 0) - (b.place?.line ?? 0) || (a.place?.column ?? 0) - (b.place?.column ?? 0);

const PLAIN_KEY = /^[\w$-]+$/;

/** `upstreams.api.endpoints[1].url`; keys with other characters in quotes: `upstreams["a.b"]`. */
export const showPath = (path: ConfigPath): string => {
  let text = "";
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else if (!PLAIN_KEY.test(key)) text += `[${JSON.stringify(key)}]`;
    else text += text === "" ? key : `.${key}`;
  }
  return text;
};

/** A value as a person would name it in a sentence; long ones are cut, private keys and passwords in URLs left out. */
export const showValue = (value: unknown): string => {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (value === null || typeof value === "boolean" || typeof value === "number") return String(value);
  if (value instanceof URL) return "a URL object";
  if (typeof value !== "string") return typeof value === "object" ? "an object" : `a ${typeof value}`;
  if (value === "") return "an empty string";
  if (holdsPrivateKey(value)) return "a private key";
  const shown = JSON.stringify(maskUserinfo(value));
  return shown.length > 80 ? `${shown.slice(0, 76)}…"` : shown;
};

/** `a, b or c`. */
export const anyOf = (names: readonly string[]): string =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} or ${names.at(-1) ?? ""}`;
