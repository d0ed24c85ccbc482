/** Values with several forms. One is chosen by looking at the value: a union would try them all and blame them all. */
import { union } from "valibot";
import { isRecord, type PathItem, refused, type Run, type Schema } from "./run.ts";

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
  const isShort = (value: unknown): boolean => typeof value === "string" || Array.isArray(value);
  const expand = (value: unknown): unknown => (isShort(value) ? { [key]: value } : value);
  const run: Run = (dataset, config) => {
    const { value } = dataset;
    if (isRecord(value)) return long["~run"](dataset, config);
    if (!isShort(value)) return refused(dataset, expects);
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
