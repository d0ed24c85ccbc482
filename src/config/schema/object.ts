/** Objects with known keys. Beyond valibot's `strictObject` every unknown key is reported, with the nearest known one. */
import * as v from "valibot";
import { nearestName } from "../../core/nearest.ts";
import { fail, isRecord, issueOf, member, refused, type Run, type Schema, settled, step } from "./run.ts";

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
  ...v.exactOptional(schema, undefined),
  about,
});

/** A key that may be left out; then it is as if `value` were written. */
export const defaulted = <I, O, const D extends I>(
  schema: Schema<I, O>,
  value: D,
  about: string,
): v.ExactOptionalSchema<Schema<I, O>, D> & Described => ({
  ...(v.exactOptional as (schema: Schema<I, O>, value: D) => v.ExactOptionalSchema<Schema<I, O>, D>)(
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
    return { ...v.strictObject(entries as v.ObjectEntries), expects, "~run": run } as unknown as Schema<
      Input,
      OutputOf<Entries>
    >;
  };
