/** Values with several forms. One is chosen by the value's type: trying them all would blame them all. */
import { nearestName } from "../../core/nearest.ts";
import { isRecord } from "../tree.ts";
import { off, oneOf } from "./leaf.ts";
import { wrongType } from "./hints.ts";
import { REFUSED, type Schema } from "./schema.ts";

const union = (types: readonly string[]): string => [...new Set(types)].join(" | ");

/** The first of `forms` that takes values of the given type. */
export const formOf = <Output>(expects: string, forms: readonly Schema<Output>[]): Schema<Output> => ({
  expects,
  types: {
    input: union(forms.map(({ types }) => types.input)),
    output: union(forms.map(({ types }) => types.output)),
  },
  json: { anyOf: forms.map(({ json }) => json) },
  takes: (value) => forms.some((form) => form.takes(value)),
  read: (value, reading) => {
    const form = forms.find(({ takes }) => takes(value));
    const before = reading.issues.length;
    const output = form?.read(value, reading);
    if (output !== undefined) return output;
    // A text such as "no" has the type of one form, but may be meant for another, such as false.
    const hint = wrongType(forms, value);
    if (form !== undefined && hint === REFUSED) return undefined;
    reading.issues.splice(before);
    return reading.refuse(value, expects, hint);
  },
  forms,
  scalars: [...new Set(forms.flatMap(({ scalars }) => scalars))],
  settings: forms.find(({ settings }) => settings !== undefined)?.settings,
  item: forms.find(({ item }) => item !== undefined)?.item,
  element: forms.find(({ element }) => element !== undefined)?.element,
  expand: forms.find(({ expand }) => expand !== undefined)?.expand,
  hasFormerNames: forms.some((form) => form.hasFormerNames),
});

/** `schema`, or false for what can be turned off. */
export const orOff = <Output>(expects: string, schema: Schema<Output>): Schema<Output | false> =>
  formOf<Output | false>(expects, [off, schema]);

/** A number, or `word`, which reads as `meaning`. */
export const orWord = <Meaning extends string | number>(
  schema: Schema<number>,
  word: string,
  meaning: Meaning,
): Schema<number | Meaning> => {
  const expects = `${schema.expects}, or "${word}"`;
  const form = formOf<unknown>(expects, [schema, oneOf(word)]);
  return {
    ...form,
    types: { ...form.types, output: typeof meaning === "number" ? "number" : form.types.output },
    read: (value, reading) => {
      if (value === word) return meaning;
      const before = reading.issues.length;
      const output = schema.read(value, reading);
      if (output !== undefined) return output;
      const isNear = typeof value === "string" && nearestName(value, [word]) !== undefined;
      for (const { expected = "", note, isSafe } of reading.issues.splice(before)) {
        const said = isNear ? { note: `did you mean "${word}"?`, isSafe } : { note, isSafe };
        reading.refuse(value, expected === schema.expects ? expects : expected, said);
      }
      return undefined;
    },
  };
};

/** A number, or Infinity for "unlimited". */
export const orUnlimited = (schema: Schema<number>): Schema<number> =>
  orWord(schema, "unlimited", Number.POSITIVE_INFINITY);

/** A long form, and short forms which stand for its key `key`. Problems are reported where the short form stands. */
export const shortFor = <Output>(
  expects: string,
  key: string,
  short: Schema,
  long: Schema<Output>,
): Schema<Output> => ({
  ...formOf<unknown>(expects, [short, long]),
  types: { input: union([short.types.input, long.types.input]), output: long.types.output },
  read: (value, reading) => {
    if (isRecord(value)) return long.read(value, reading);
    if (!short.takes(value)) return reading.refuse(value, expects, wrongType([short, long], value));
    return reading.short(key, () => long.read({ [key]: value }, reading));
  },
  expand: (value) => (short.takes(value) && !isRecord(value) ? { [key]: value } : value),
  shortKey: key,
});
