/** Single values. */
import { picklist } from "valibot";
import { nearestName } from "../../core/nearest.ts";
import { anyOf } from "../problem.ts";
import {
  type Dataset,
  type Looks,
  Refusal,
  REFUSED,
  refused,
  type Run,
  type Schema,
  settled,
} from "./run.ts";

/** A single value. `base` and `looks` tell the JSON Schema what it looks like; `read` decides. */
export const leaf = <Input, Output>(
  base: Schema<Input, unknown>,
  expects: string,
  read: (value: unknown) => Output | Refusal,
  looks: Looks = {},
): Schema<Input, Output> => {
  const run = (dataset: Dataset): ReturnType<Run> => {
    const value = read(dataset.value);
    if (!(value instanceof Refusal)) return settled(dataset, value);
    return refused(dataset, value.expected ?? expects, value.note);
  };
  return { ...base, expects, looks, "~run": run } as Schema<Input, Output>;
};

/** One of some words. */
export const oneOf = <const Word extends string>(...words: readonly Word[]): Schema<Word, Word> =>
  leaf(picklist(words), anyOf(words.map((word) => `"${word}"`)), (value) => {
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    const meant = typeof value === "string" ? nearestName(value, words) : undefined;
    return meant === undefined ? REFUSED : new Refusal(`did you mean "${meant}"?`);
  });
