/** A config as people would have to write it to get the same without any default. */
import { holdsPrivateKey, MASK } from "./masking.ts";
import type { ConfigPath } from "./problem.ts";
import { isRecord, type Schema } from "./schema/run.ts";
import { isSecretPlace } from "./secret-places.ts";
import { memberOf, shapeOf } from "./shape.ts";

type AnySchema = Schema<unknown, unknown>;

/** What to show instead of the value at a path; undefined shows the value. */
export type MaskOf = (path: ConfigPath) => string | undefined;

/** For defaults: beside a short form they would go by its path. */
const showAll: MaskOf = () => undefined;

/** `input` with every default filled in and every secret masked. Short forms are spelt out; units stay for people. */
export const effective = (
  schema: AnySchema | undefined,
  input: unknown,
  maskOf: MaskOf,
  path: ConfigPath = [],
): unknown => {
  const shown = isRecord(input) || Array.isArray(input) ? input : (maskOf(path) ?? input);
  if (typeof shown === "string" && (isSecretPlace(path) || holdsPrivateKey(shown))) return MASK;
  const shape = schema === undefined ? undefined : shapeOf(schema);
  const long = shape?.expand === undefined ? shown : shape.expand(shown);
  if (Array.isArray(long)) {
    return long.map((item, index) => effective(shape?.element, item, maskOf, [...path, index]));
  }
  if (!isRecord(long)) return long;
  const filled: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(shape?.entries ?? {})) {
    const given = long[key];
    const value = given ?? shapeOf(entry).default;
    if (value === undefined) continue;
    const at = long === shown ? [...path, key] : path;
    filled[key] = effective(entry, value, given === undefined ? showAll : maskOf, at);
  }
  if (shape?.entries !== undefined) return filled;
  for (const [key, value] of Object.entries(long)) {
    const member = shape === undefined ? undefined : memberOf(shape, key);
    filled[key] = effective(member, value, maskOf, [...path, key]);
  }
  return filled;
};
