/** Objects with known keys. Every unknown key is reported, with the nearest known one. */
import { nearestName } from "../../core/nearest.ts";
import { MOST_SHOWN } from "../problem.ts";
import { isRecord, type Tree } from "../tree.ts";
import { wrongType } from "./hints.ts";
import type { KeyRule } from "./key-rules.ts";
import { Reading } from "./reading.ts";
import { type JsonSchema, outputName, type Schema, type Setting, type Settings } from "./schema.ts";

/** What more may be said of a key. */
type Details = Partial<Pick<Setting, "needs" | "as" | "isFilled" | "formerly" | "mistakenFor">>;
type Define = (schema: Schema, about: string, details?: Details) => Setting;

const define =
  (more: Partial<Pick<Setting, "isRequired" | "default">>): Define =>
  (schema, about, { needs, as, isFilled = false, formerly = [], mistakenFor = [] } = {}) => {
    const { isRequired = false, default: value } = more;
    return { schema, about, isRequired, default: value, needs, as, isFilled, formerly, mistakenFor };
  };

/** A key that must be there. */
export const required: Define = define({ isRequired: true });

/** A key that may be left out and has no default. */
export const optional: Define = define({});

/** A key that may be left out; then it is as if `value` were written. */
export const defaulted = (schema: Schema, value: unknown, about: string, details?: Details): Setting =>
  define({ default: value })(schema, about, details);

/** What an object is besides its keys. */
export interface ObjectHead<Output> {
  /** Of its interface; "" for none. */
  readonly name: string;
  readonly expects?: string;
  /** What several keys must obey together. */
  readonly rules?: readonly KeyRule<NoInfer<Output>>[];
  /** File of the interface where it is not generated. */
  readonly from?: string;
  /** Keys that begin so are left alone. */
  readonly ignores?: string;
}

/** An object that is more than its name and its keys. */
export const named = <Output>(
  name: string,
  details: Omit<ObjectHead<Output>, "name">,
): ObjectHead<Output> => ({
  name,
  ...details,
});

/** Some keys of `schema`, for another object. */
export const pick = ({ settings = {} }: Schema, ...keys: readonly string[]): Settings =>
  Object.fromEntries(
    keys.map((key) => {
      const found = settings[key];
      if (found === undefined) throw new TypeError(`no setting "${key}"`);
      return [key, found];
    }),
  );

/** All keys of `schema` but these, for another object. */
export const omit = (schema: Schema, ...keys: readonly string[]): Settings =>
  pick(schema, ...Object.keys(schema.settings ?? {}).filter((key) => !keys.includes(key)));

const namesOf = (settings: Settings): string[] => Object.keys(settings).filter((name) => name !== "$schema");

/** The key that an unknown one was probably meant to be. */
const meantKey = (key: string, settings: Settings): string | undefined =>
  nearestName(key, namesOf(settings)) ??
  Object.keys(settings).find((name) => settings[name]?.mistakenFor.includes(key));

const unknownKey = (meant: string | undefined, settings: Settings): string => {
  if (meant !== undefined) return `unknown key; did you mean "${meant}"?`;
  const names = namesOf(settings);
  return `unknown key; expected ${names.length > 1 ? "one of " : ""}${names.join(", ")}`;
};

const jsonOf = (settings: Settings, ignores: string | undefined): JsonSchema => {
  const properties = Object.entries(settings).flatMap(
    ([key, { schema, about, default: value, formerly }]) => {
      const described = { ...schema.json, description: about };
      return [
        [key, value === undefined ? described : { ...described, default: value }],
        ...formerly.map((name) => [
          name,
          { ...schema.json, description: `Now called \`${key}\`.`, deprecated: true },
        ]),
      ];
    },
  );
  return {
    type: "object",
    properties: Object.fromEntries(properties) as JsonSchema,
    required: Object.keys(settings).filter((key) => settings[key]?.isRequired === true),
    additionalProperties: false,
    ...(ignores === undefined ? {} : { patternProperties: { [`^${ignores}`]: {} } }),
  };
};

const allOf = (rules: readonly KeyRule<never>[]): JsonSchema => {
  const said = rules.flatMap(({ json = [] }) => json);
  return said.length === 0 ? {} : { allOf: said };
};

/** What a default means. It is read once, so all configs share it. */
const readDefault = ({ schema, about, default: value }: Setting): unknown => {
  const read = value === undefined ? undefined : schema.read(value, new Reading());
  if (read === undefined && value !== undefined) throw new TypeError(`${about} The default is wrong`);
  return read;
};

/** An object with exactly these keys. Keys that hold undefined count as left out. */
export const object = <Output extends object>(
  head: string | ObjectHead<Output>,
  settings: Settings,
): Schema<Output> => {
  const {
    name,
    expects = "an object",
    rules = [],
    from,
    ignores,
  } = typeof head === "string" ? { name: head } : head;
  const known = Object.entries(settings).map(([key, setting]) => ({
    ...setting,
    key,
    as: outputName(key, setting),
  }));
  const demanded = known.filter(({ isRequired }) => isRequired);
  const nothingWritten: Tree = Object.fromEntries(
    known.filter(({ as }) => as !== "").map((setting) => [setting.as, readDefault(setting)]),
  );
  /** Reports unknown keys. Returns the known ones that were probably meant. */
  const unknownKeys = (value: Tree, reading: Reading): readonly string[] =>
    Object.keys(value).flatMap((key) => {
      if (value[key] === undefined || Object.hasOwn(settings, key)) return [];
      if (ignores !== undefined && key.startsWith(ignores)) return [];
      // Looking for near names takes time, and reports show no more problems than this.
      const isShown = reading.issues.length < MOST_SHOWN;
      const meant = isShown ? meantKey(key, settings) : undefined;
      reading.complain(isShown ? unknownKey(meant, settings) : "unknown key", [key], "key");
      return meant ?? [];
    });
  const read = (value: unknown, reading: Reading): Output | undefined => {
    if (!isRecord(value))
      return reading.refuse(value, expects, wrongType([{ takes: isRecord, read }], value));
    const before = reading.issues.length;
    const mentionsBefore = reading.mentions.length;
    const output: Record<string, unknown> = { ...nothingWritten };
    let seen = 0;
    for (const { key, as, schema } of known) {
      const given = Object.hasOwn(value, key) ? value[key] : undefined;
      if (given === undefined) continue;
      seen++;
      const found = reading.member(schema, key, given);
      if (as !== "") output[as] = found;
    }
    const meant = Object.keys(value).length === seen ? [] : unknownKeys(value, reading);
    const has = (key: string): boolean =>
      (Object.hasOwn(value, key) && value[key] !== undefined) || meant.includes(key);
    for (const { key, schema } of demanded) {
      if (!has(key)) reading.complain(`missing; expected ${schema.expects}`, [key]);
    }
    for (const { check } of rules) {
      check(output as Partial<Output>, {
        has,
        mentions: (kind) => reading.mentionsSince(mentionsBefore, kind),
        complain: (message, ...path) => reading.complain(message, path),
      });
    }
    return reading.issues.length === before ? (output as Output) : undefined;
  };
  return {
    expects,
    types: { input: inputName(name), output: name },
    json: { ...jsonOf(settings, ignores), ...allOf(rules) },
    takes: isRecord,
    read,
    scalars: [],
    settings,
    declares: { name, from },
    ignores,
    hasFormerNames: known.some(
      ({ formerly, schema }) => formerly.length > 0 || schema.hasFormerNames === true,
    ),
  };
};

/** `RouteInput` beside `RouteConfig`, `ListenLimitsInput` beside `ListenLimits`. */
const inputName = (name: string): string => `${name.replace(/(?<=.)Config$/, "")}Input`;
