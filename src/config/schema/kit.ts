/**
 * Building blocks of the schema: valibot schemas whose messages are for people.
 *
 * Beyond valibot's own they report every unknown key (not the first alone), choose between several forms of a
 * value by its type (a union would try all and blame all), and keep what the documentation needs.
 */
import type * as v from "valibot";
import { exactOptional, picklist, record, strictObject, union, array } from "valibot";
import { nearestName } from "../../core/nearest.ts";
import { anyOf } from "../problem.ts";

export type Schema<Input, Output> = v.GenericSchema<Input, Output>;
type Run = Schema<unknown, unknown>["~run"];
type Dataset = Parameters<Run>[0];
type Issue = v.BaseIssue<unknown>;
type PathItem = NonNullable<Issue["path"]>[number];

/** Why a value is not accepted, where more can be said than what was expected. */
export class Refusal {
  readonly note: string;
  /** Instead of the schema's own expectation. */
  readonly expected: string | undefined;
  constructor(note: string, expected?: string) {
    this.note = note;
    this.expected = expected;
  }
}

/** For values that are simply not what was expected. */
export const REFUSED: Refusal = new Refusal("");

/** A key of an object, as a step of an issue's path. */
export const step = (input: unknown, key: string | number, origin: "key" | "value" = "value"): PathItem => ({
  type: "unknown",
  origin,
  input,
  key,
  value: undefined,
});

const issueOf = (
  input: unknown,
  expected: string | null,
  message: string,
  path?: [PathItem, ...PathItem[]],
): Issue => ({
  kind: "schema",
  type: "config",
  input,
  expected,
  received: "",
  message,
  ...(path && { path }),
});

const fail = (dataset: Dataset, issue: Issue): void => {
  const target = dataset as unknown as { typed?: boolean; issues?: Issue[] };
  target.typed = false;
  (target.issues ??= []).push(issue);
};

/** Runs `schema` on one member and files its issues under `key`. */
const member = (
  dataset: Dataset,
  schema: Schema<unknown, unknown>,
  config: Parameters<Run>[1],
  key: string | number,
  value: unknown,
): unknown => {
  const inner = schema["~run"]({ value }, config);
  if (inner.issues !== undefined) {
    const item = step(dataset.value, key);
    for (const issue of inner.issues) {
      (issue as { path?: PathItem[] }).path = [item, ...(issue.path ?? [])];
      fail(dataset, issue);
    }
  }
  return inner.value;
};

const settled = (dataset: Dataset, value: unknown): ReturnType<Run> => {
  const target = dataset as unknown as { typed?: boolean; value: unknown; issues?: Issue[] };
  target.typed = target.issues === undefined;
  target.value = value;
  return target as unknown as ReturnType<Run>;
};

const refused = (dataset: Dataset, expected: string | null, note = ""): ReturnType<Run> => {
  fail(dataset, issueOf(dataset.value, expected, note));
  return dataset as unknown as ReturnType<Run>;
};

/** A single value. `base` tells the JSON Schema what it looks like; `read` decides. */
export const leaf = <Input, Output>(
  base: Schema<Input, unknown>,
  expects: string,
  read: (value: unknown) => Output | Refusal,
): Schema<Input, Output> => {
  const run = (dataset: Dataset): ReturnType<Run> => {
    const value = read(dataset.value);
    if (!(value instanceof Refusal)) return settled(dataset, value);
    return refused(dataset, value.expected ?? expects, value.note);
  };
  return { ...base, expects, "~run": run } as Schema<Input, Output>;
};

/** One of some words. */
export const oneOf = <const Word extends string>(...words: readonly Word[]): Schema<Word, Word> =>
  leaf(picklist(words), anyOf(words.map((word) => `"${word}"`)), (value) => {
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    const meant = typeof value === "string" ? nearestName(value, words) : undefined;
    return meant === undefined ? REFUSED : new Refusal(`did you mean "${meant}"?`);
  });

/** What the documentation says about a key. */
export interface Described {
  readonly about: string;
}

/** A key that must be there. */
export const required = <I, O>(schema: Schema<I, O>, about: string): Schema<I, O> & Described => ({
  ...schema,
  about,
});

/** A key that may be left out and has no default. */
export const optional = <I, O>(
  schema: Schema<I, O>,
  about: string,
): v.ExactOptionalSchema<Schema<I, O>, undefined> & Described => ({
  ...exactOptional(schema, undefined),
  about,
});

/** A key that may be left out; then it is as if `value` were written. */
export const defaulted = <I, O, const D extends I>(
  schema: Schema<I, O>,
  value: D,
  about: string,
): v.ExactOptionalSchema<Schema<I, O>, D> & Described => ({
  ...(exactOptional as (schema: Schema<I, O>, value: D) => v.ExactOptionalSchema<Schema<I, O>, D>)(
    schema,
    value,
  ),
  about,
});

type EntriesOf<Input> = {
  readonly [Key in keyof Input]-?: Schema<Exclude<Input[Key], undefined>, unknown>;
};
type OutputOf<Entries> = Entries extends v.ObjectEntries
  ? v.InferOutput<v.StrictObjectSchema<Entries, undefined>>
  : never;
type NothingElse<Entries, Input> = { readonly [Key in Exclude<keyof Entries, keyof Input>]: never };

const unknownKey = (key: string, entries: object): string => {
  const names = Object.keys(entries).filter((name) => name !== "$schema");
  const meant = nearestName(key, names);
  if (meant !== undefined) return `unknown key; did you mean "${meant}"?`;
  return `unknown key; expected ${names.length > 1 ? "one of " : ""}${names.join(", ")}`;
};

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** An object with exactly the keys of `Input`, which the compiler checks. Keys that hold undefined count as left out. */
export const object =
  <Input extends object>(expects: string) =>
  <const Entries extends EntriesOf<Input>>(
    entries: Entries & NothingElse<Entries, Input>,
  ): Schema<Input, OutputOf<Entries>> => {
    const known: readonly (readonly [string, Schema<unknown, unknown>])[] = Object.entries(entries);
    const run: Run = (dataset, config) => {
      const input = dataset.value;
      if (!isRecord(input)) return refused(dataset, expects);
      const value: Record<string, unknown> = {};
      let seen = 0;
      for (const [key, schema] of known) {
        let given = Object.hasOwn(input, key) ? input[key] : undefined;
        if (given !== undefined) seen++;
        else if (schema.type === "exact_optional") {
          given = (schema as v.ExactOptionalSchema<Schema<unknown, unknown>, unknown>).default;
          if (given === undefined) continue;
        } else {
          fail(dataset, issueOf(undefined, null, `missing; expected ${schema.expects}`, [step(input, key)]));
          continue;
        }
        value[key] = member(dataset, schema, config, key, given);
      }
      const keys = Object.keys(input);
      if (keys.length !== seen) {
        for (const key of keys) {
          if (input[key] === undefined || Object.hasOwn(entries, key)) continue;
          fail(dataset, issueOf(key, null, unknownKey(key, entries), [step(input, key, "key")]));
        }
      }
      return settled(dataset, value);
    };
    return { ...strictObject(entries as v.ObjectEntries), expects, "~run": run } as unknown as Schema<
      Input,
      OutputOf<Entries>
    >;
  };

/** An object with keys of the user's choice. `name` may give a key another form; two keys of one form are an error. */
export const mapOf = <Input, Output>(
  expects: string,
  name: Schema<string, string>,
  item: Schema<Input, Output>,
): Schema<Readonly<Record<string, Input>>, Readonly<Record<string, Output>>> => {
  const run: Run = (dataset, config) => {
    const input = dataset.value;
    if (!isRecord(input)) return refused(dataset, expects);
    const entries = new Map<string, unknown>();
    for (const [key, given] of Object.entries(input)) {
      if (given === undefined) continue;
      const named = name["~run"]({ value: key }, config);
      for (const issue of named.issues ?? []) {
        fail(dataset, { ...issue, path: [step(input, key, "key")] });
      }
      const form = String(named.value);
      if (entries.has(form)) {
        fail(dataset, issueOf(key, null, `"${form}" is given twice`, [step(input, key, "key")]));
      }
      entries.set(form, member(dataset, item, config, key, given));
    }
    return settled(dataset, Object.fromEntries(entries));
  };
  return {
    ...record(name as v.GenericSchema<string, string>, item),
    expects,
    "~run": run,
  } as unknown as Schema<Readonly<Record<string, Input>>, Readonly<Record<string, Output>>>;
};

const runList = (
  dataset: Dataset,
  item: Schema<unknown, unknown>,
  config: Parameters<Run>[1],
  list: readonly unknown[],
): ReturnType<Run> =>
  settled(
    dataset,
    list.map((given, index) => member(dataset, item, config, index, given)),
  );

/** A list. */
export const listOf = <Input, Output>(
  expects: string,
  item: Schema<Input, Output>,
): Schema<readonly Input[], readonly Output[]> => {
  const run: Run = (dataset, config) =>
    Array.isArray(dataset.value)
      ? runList(dataset, item as Schema<unknown, unknown>, config, dataset.value)
      : refused(dataset, expects);
  return { ...array(item), expects, "~run": run } as unknown as Schema<readonly Input[], readonly Output[]>;
};

/** One value or a list of them; always read as a list, of at least `least`. */
export const oneOrMany = <Input, Output>(
  expects: string,
  item: Schema<Input, Output>,
  least: 0 | 1 = 1,
): Schema<Input | readonly Input[], readonly Output[]> => {
  const run: Run = (dataset, config) => {
    if (Array.isArray(dataset.value)) {
      return dataset.value.length < least
        ? refused(dataset, expects)
        : runList(dataset, item as Schema<unknown, unknown>, config, dataset.value);
    }
    const inner = item["~run"](dataset, config);
    return inner.typed ? settled(dataset, [inner.value]) : inner;
  };
  return { ...union([item, array(item)]), expects, "~run": run } as unknown as Schema<
    Input | readonly Input[],
    readonly Output[]
  >;
};

/** One of several forms, chosen by looking at the value. `forms` are what the JSON Schema lists. */
export const formOf = <Input, Output>(
  expects: string,
  forms: readonly Schema<Input, Output>[],
  choose: (value: unknown) => Schema<Input, Output> | undefined,
): Schema<Input, Output> => {
  const run: Run = (dataset, config) =>
    choose(dataset.value)?.["~run"](dataset, config) ?? refused(dataset, expects);
  return { ...union([...forms]), expects, "~run": run } as unknown as Schema<Input, Output>;
};

/** How a short form is spelt out. */
export interface Expanding {
  /** The long form of `value`; `value` itself when it is the long form already or nothing known. */
  readonly expand: (value: unknown) => unknown;
}

/** A long form, and short forms which stand for its key `key`. Problems are reported where the short form stands. */
export const shortFor = <Short, Long, Output>(
  expects: string,
  key: string,
  short: Schema<Short, unknown>,
  long: Schema<Long, Output>,
): Schema<Short | Long, Output> & Expanding => {
  const expand = (value: unknown): unknown =>
    isRecord(value) || value === undefined || value === null ? value : { [key]: value };
  const run: Run = (dataset, config) => {
    const { value } = dataset;
    if (isRecord(value)) return long["~run"](dataset, config);
    if (typeof value !== "string" && !Array.isArray(value)) return refused(dataset, expects);
    const inner = long["~run"]({ value: { [key]: value } }, config);
    for (const issue of inner.issues ?? []) {
      if (issue.path?.[0].key !== key) continue;
      const rest = issue.path.slice(1);
      if (rest.length === 0) delete (issue as { path?: unknown }).path;
      else (issue as { path?: PathItem[] }).path = rest;
    }
    return inner;
  };
  return { ...union([short, long]), expects, expand, "~run": run } as unknown as Schema<
    Short | Long,
    Output
  > &
    Expanding;
};
