/** A config as people would have to write it to get the same without any default. */
import { holdsPrivateKey, MASK } from "./masking.ts";
import type { ConfigPath } from "./problem.ts";
import { longForm, memberOf, type Schema } from "./schema/schema.ts";
import { isSecretPlace } from "./secrets.ts";
import { configSchema } from "./settings/config.ts";
import { isRecord } from "./tree.ts";

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
  if (Array.isArray(long)) {
    return long.map((item, index) => fill(schema?.element, item, maskOf, [...path, index]));
  }
  if (!isRecord(long)) return long;
  const at = (key: string): ConfigPath => (long === shown ? [...path, key] : path);
  const { settings } = schema ?? {};
  if (settings === undefined) {
    const members = Object.entries(long).map(([key, value]) => [
      key,
      fill(schema && memberOf(schema, key), value, maskOf, at(key)),
    ]);
    return Object.fromEntries(members) as unknown;
  }
  const filled: Record<string, unknown> = {};
  for (const [key, { schema: member, default: implied }] of Object.entries(settings)) {
    const given = long[key];
    const value = fill(member, given ?? implied, given === undefined ? showAll : maskOf, at(key));
    if (value !== undefined && (given !== undefined || !isEmpty(value))) filled[key] = value;
  }
  return filled;
};

/** `input` with every default filled in and every secret masked. Short forms are spelt out; units stay for people. */
export const effective = (input: unknown, maskOf: MaskOf): unknown => fill(configSchema, input, maskOf, []);
