/** Lists, and objects with keys of the user's choice. */
import * as v from "valibot";
import {
  type Dataset,
  fail,
  isRecord,
  issueOf,
  member,
  refused,
  type Run,
  type Schema,
  settled,
  step,
} from "./run.ts";

/** An object with keys of the user's choice. `name` may give a key another form; two keys of one form are an error. */
export const mapOf = <Input, Output>(
  expects: string,
  name: Schema<string, string>,
  item: Schema<Input, Output>,
): Schema<Readonly<Record<string, Input>>, Readonly<Record<string, Output>>> => {
  const run: Run = (dataset, config) => {
    const input = dataset.value;
    if (!isRecord(input)) return refused(dataset, expects);
    const value: Record<string, unknown> = {};
    for (const key of Object.keys(input)) {
      const given = input[key];
      if (given === undefined) continue;
      const named = name["~run"]({ value: key }, config);
      for (const issue of named.issues ?? []) {
        fail(dataset, { ...issue, path: [step(input, key, "key")] });
      }
      const form = String(named.value);
      if (form === "__proto__" || Object.hasOwn(value, form)) {
        const message = form === "__proto__" ? "this can't be a name" : `"${form}" is given twice`;
        fail(dataset, issueOf(key, null, message, [step(input, key, "key")]));
      } else value[form] = member(dataset, item, config, key, given);
    }
    return settled(dataset, value);
  };
  return {
    ...v.record(name, item),
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
    Array.isArray(dataset.value) ? runList(dataset, item, config, dataset.value) : refused(dataset, expects);
  return { ...v.array(item), expects, looks: {}, "~run": run } as unknown as Schema<
    readonly Input[],
    readonly Output[]
  >;
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
        : runList(dataset, item, config, dataset.value);
    }
    const inner = item["~run"](dataset, config);
    return inner.typed ? settled(dataset, [inner.value]) : inner;
  };
  const list = least === 0 ? v.array(item) : v.pipe(v.array(item), v.nonEmpty());
  return { ...v.union([item, list]), expects, "~run": run } as unknown as Schema<
    Input | readonly Input[],
    readonly Output[]
  >;
};
