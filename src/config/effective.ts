/** A config as people would have to write it to get the same without any default. */
import { holdsPrivateKey, MASK } from "./masking.ts";
import type { ConfigPath } from "./problem.ts";
import { longForm, type Schema } from "./schema/schema.ts";
import { isSecretPlace } from "./secrets.ts";
import { configSchema } from "./settings/config.ts";
import { membersOf } from "./tree.ts";

/** What to show instead of the value at a path; undefined shows the value. */
export type MaskOf = (path: ConfigPath) => string | undefined;

/** For defaults: beside a short form they would go by its path. */
const showAll: MaskOf = () => undefined;

const isEmpty = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;

const fill = (schema: Schema | undefined, input: unknown, maskOf: MaskOf, path: ConfigPath): unknown => {
  const shown = typeof input === "object" ? input : (maskOf(path) ?? input);
  if (typeof shown === "string" && (isSecretPlace(configSchema, path, shown) || holdsPrivateKey(shown))) {
    return MASK;
  }
  const long = longForm(schema, shown);
  if (typeof long !== "object" || long === null) return long;
  const filled = membersOf(schema, long).flatMap(({ key, schema: inner, setting, value: given }) => {
    const at = long === shown ? [...path, key] : path;
    const value = fill(inner, given ?? setting?.default, given === undefined ? showAll : maskOf, at);
    return value === undefined || (given === undefined && isEmpty(value)) ? [] : [[key, value] as const];
  });
  return Array.isArray(long) ? filled.map(([, value]) => value) : Object.fromEntries(filled);
};

/** `input` with every default filled in and every secret masked. Short forms are spelt out; units stay for people. */
export const effective = (input: unknown, maskOf: MaskOf): unknown => fill(configSchema, input, maskOf, []);
