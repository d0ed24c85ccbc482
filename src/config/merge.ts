/** Sources laid over one another. */
import type { ConfigPath } from "./problem.ts";
import { isRecord, type Schema } from "./schema/run.ts";
import { memberOf, shapeOf } from "./shape.ts";

type AnySchema = Schema<unknown, unknown>;

/** `undefined` in a record is a key left out. `__proto__` becomes a key like any other. */
const put = (target: Record<string, unknown>, key: string, value: unknown): void => {
  Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
};

/**
 * `over` laid over `base`: objects key by key, anything else as a whole. A short form is spelt out where it meets
 * the long one, so that neither side loses a key.
 */
export const merge = (schema: AnySchema | undefined, base: unknown, over: unknown): unknown => {
  if (over === undefined) return base;
  const shape = schema === undefined ? undefined : shapeOf(schema);
  const expand = shape?.expand;
  const mixed = expand !== undefined && isRecord(base) !== isRecord(over);
  const lower = mixed ? expand(base) : base;
  const upper = mixed ? expand(over) : over;
  if (!isRecord(lower) || !isRecord(upper)) return over;
  const merged: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(lower)) put(merged, key, value);
  for (const [key, value] of Object.entries(upper)) {
    if (value === undefined) continue;
    const before = Object.hasOwn(merged, key) ? merged[key] : undefined;
    put(merged, key, merge(shape === undefined ? undefined : memberOf(shape, key), before, value));
  }
  return merged;
};

/** `input` with `value` at `path`; lists on the way keep their other items. */
export const setAt = (
  schema: AnySchema | undefined,
  input: unknown,
  path: ConfigPath,
  value: unknown,
): unknown => {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const shape = schema === undefined ? undefined : shapeOf(schema);
  const member = shape === undefined ? undefined : memberOf(shape, key);
  if (typeof key === "number") {
    const list: readonly unknown[] = Array.isArray(input) ? input : [];
    return list.with(key, setAt(member, list[key], rest, value));
  }
  const long = shape?.expand === undefined ? input : shape.expand(input);
  const target: Record<string, unknown> = {};
  if (isRecord(long)) for (const [name, item] of Object.entries(long)) put(target, name, item);
  put(target, key, setAt(member, Object.hasOwn(target, key) ? target[key] : undefined, rest, value));
  return target;
};

/** `input` with another value at `path`, which exists. */
export const replaceAt = (input: unknown, [key, ...rest]: ConfigPath, value: unknown): unknown => {
  if (key === undefined) return value;
  if (Array.isArray(input)) {
    return input.map((item, index): unknown => (index === key ? replaceAt(item, rest, value) : item));
  }
  if (!isRecord(input)) return input;
  const copy: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(input)) {
    put(copy, name, name === key ? replaceAt(item, rest, value) : item);
  }
  return copy;
};
