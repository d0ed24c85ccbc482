/** Trees of plain values: what a config is before it is read. */
import type { ConfigPath } from "./problem.ts";
import { longForm, memberOf, outputName, type Schema, type Setting } from "./schema/schema.ts";

export type Tree = Readonly<Record<string, unknown>>;

export const isRecord = (value: unknown): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof URL);

const member = (value: unknown, key: string | number): unknown => {
  const isThere = typeof value === "object" && value !== null && Object.hasOwn(value, key);
  return isThere ? (value as Tree)[key] : undefined;
};

/** What stands at `path`. */
export const valueAt = (input: unknown, path: ConfigPath): unknown => path.reduce(member, input);

/** One place right below another. */
export interface Member {
  readonly key: string | number;
  readonly schema: Schema | undefined;
  /** Where the key is one of an object's own. */
  readonly setting?: Setting;
  readonly value: unknown;
}

/**
 * What may stand right below a place: all keys that an object has, written or not, by the proxy's names too; of lists and
 * of objects with keys of the user's choice what `value` has.
 */
export const membersOf = (schema: Schema | undefined, value: unknown): readonly Member[] => {
  if (Array.isArray(value) && (schema?.element !== undefined || schema?.settings === undefined)) {
    return value.map((item: unknown, key) => ({ key, schema: schema?.element, value: item }));
  }
  const tree = isRecord(value) ? value : {};
  return schema?.settings === undefined
    ? Object.entries(tree).map(([key, item]) => ({ key, schema: schema?.item, value: item }))
    : Object.entries(schema.settings).map(([key, setting]) => ({
        key,
        schema: setting.schema,
        setting,
        value: settingIn(tree, key, setting),
      }));
};

/** A member of an object or list somewhere below. */
interface DeepMember extends Member {
  readonly schema: Schema;
  readonly path: ConfigPath;
  /** Schema of the object or list that it is in. */
  readonly parent: Schema;
}

/**
 * Calls `visit` for everything below `value`, from the outside in. What `enters` is false for is left out with all that is below
 * it: configs are large.
 */
export const walk = (
  schema: Schema,
  value: unknown,
  on: { readonly enters: (member: Member) => boolean; readonly visit: (member: DeepMember) => void },
  path: ConfigPath = [],
): void => {
  for (const member of membersOf(schema, value)) {
    if (member.schema === undefined || member.value === undefined || !on.enters(member)) continue;
    const deep = { ...member, schema: member.schema, path: [...path, member.key], parent: schema };
    on.visit(deep);
    if (typeof member.value === "object") walk(deep.schema, member.value, on, deep.path);
  }
};

/** The value of a setting in an object, by its key or the proxy's name. */
const settingIn = (tree: unknown, key: string, setting: Setting): unknown =>
  member(tree, key) ?? member(tree, outputName(key, setting));

/** Everything that `input` sets below itself, objects and lists included, with its path. */
export const entriesOf = (input: unknown, path: ConfigPath = []): (readonly [ConfigPath, unknown])[] => {
  if (typeof input !== "object" || input === null) return [];
  const isList = Array.isArray(input);
  return Object.entries(input).flatMap(([key, value]: [string, unknown]) => {
    const at = [...path, isList ? Number(key) : key];
    return value === undefined ? [] : [[at, value] as const, ...entriesOf(value, at)];
  });
};

/** Dotted paths that `input` sets: `listen`, `listen.port`, `routes.0`, `routes.0.upstream`. */
export const explicitPaths = (input: unknown): ReadonlySet<string> =>
  new Set(entriesOf(input).map(([path]) => path.join(".")));

/**
 * `over` laid over `base`: objects key by key, anything else as a whole. A short form is spelt out where it meets
 * the long one, so that neither side loses a key.
 */
export const merge = (schema: Schema | undefined, base: unknown, over: unknown): unknown => {
  if (over === undefined) return base;
  const isMixed = isRecord(base) !== isRecord(over);
  const [lower, upper] = isMixed ? [longForm(schema, base), longForm(schema, over)] : [base, over];
  if (!isRecord(lower) || !isRecord(upper)) return over;
  const merged = Object.entries(upper)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [key, merge(schema && memberOf(schema, key), member(lower, key), value)]);
  // Neither a spread nor `fromEntries` sets a prototype by the key `__proto__`.
  return { ...lower, ...(Object.fromEntries(merged) as Tree) };
};

/** `input` with `value` at `path`; lists on the way keep their other items. */
export const setAt = (
  schema: Schema | undefined,
  input: unknown,
  [key, ...rest]: ConfigPath,
  value: unknown,
): unknown => {
  if (key === undefined) return value;
  const long = typeof key === "number" ? input : longForm(schema, input);
  const inner = setAt(schema && memberOf(schema, key), member(long, key), rest, value);
  if (typeof key === "number") return (Array.isArray(long) ? long : []).with(key, inner);
  return { ...(isRecord(long) ? long : {}), [key]: inner };
};
