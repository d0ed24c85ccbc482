/** Single values. */
import { nearestName } from "../../core/nearest.ts";
import { anyOf } from "../problem.ts";
import { misspeltReference, wrongType } from "./hints.ts";
import { REFERENCE, REFERENCE_ALONE } from "./patterns.ts";
import { type JsonSchema, Refusal, REFUSED, type Scalar, type Schema } from "./schema.ts";

/** The same where a reference may stand within a text. */
const withReferences = (text: JsonSchema): JsonSchema =>
  Object.fromEntries(
    Object.entries(text).map(([key, value]) => {
      if (key === "pattern") return [key, `${String(value)}|${REFERENCE}`];
      return [key, Array.isArray(value) ? value.map((each: JsonSchema) => withReferences(each)) : value];
    }),
  );

/** `made`, or a reference that becomes it. */
export const orReference = (made: JsonSchema): JsonSchema => {
  const isText = made["type"] === "string";
  if ((isText && made["enum"] === undefined) || made["anyOf"] !== undefined) return withReferences(made);
  return { anyOf: [made, { type: "string", pattern: isText ? REFERENCE : REFERENCE_ALONE }] };
};

/** A single value. */
export interface Leaf<Output> {
  readonly scalars: readonly Scalar[];
  /** What a value of these types means. */
  readonly read: (value: never) => Output | Refusal;
  /** Without references. */
  readonly json?: JsonSchema;
  /** TypeScript of input and output where they are not the scalars. */
  readonly input?: string;
  readonly output?: string;
  readonly takes?: (value: unknown) => boolean;
}

export const leaf = <Output>(expects: string, options: Leaf<Output>): Schema<Output> => {
  const { scalars, json = {}, input = scalars.join(" | "), output = input } = options;
  const read = options.read as (value: unknown) => Output | Refusal;
  const takes = options.takes ?? ((value) => scalars.includes(typeof value as Scalar));
  return {
    expects,
    types: { input, output },
    json: orReference(json),
    bare: json,
    takes,
    read: (value, reading) => {
      const found = takes(value) ? read(value) : wrongType([{ takes }], value);
      if (!(found instanceof Refusal)) return found;
      const meant = misspeltReference(value) ?? found;
      return reading.refuse(value, meant.expected ?? expects, meant);
    },
    scalars,
  };
};

const literal = (value: unknown): string => JSON.stringify(value);

/** One of some values. */
export const oneOf = <const Value extends string | number>(...values: readonly Value[]): Schema<Value> => {
  const scalar = typeof values[0] === "string" ? "string" : "number";
  return leaf(anyOf(values.map(literal)), {
    scalars: [scalar],
    read: (given: unknown) => {
      const found = values.find((value) => value === given);
      if (found !== undefined) return found;
      const meant = typeof given === "string" ? nearestName(given, values.map(String)) : undefined;
      return meant === undefined ? REFUSED : new Refusal(`did you mean "${meant}"?`);
    },
    json: { type: scalar, enum: values },
    input: values.map(literal).join(" | "),
  });
};

/** false, for what can be turned off. */
export const off: Schema<false> = {
  ...leaf("false", {
    scalars: ["boolean"],
    read: (value: false) => value,
    input: "false",
    takes: (value) => value === false,
  }),
  json: { const: false },
};

const NOTHING: JsonSchema = { not: {} };

/** What is no data, and stands in TypeScript alone, where its type is `input`. */
export const code = <Output>(
  expects: string,
  takes: (value: unknown) => boolean,
  input = "unknown",
): Schema<Output> => ({
  ...leaf(expects, { scalars: [], read: (value: Output) => value, takes, input }),
  json: NOTHING,
  bare: NOTHING,
});
