/** Schemas of what clients of the admin API send: plain values, without the references that a config may hold. */
import { leaf } from "../../src/config/schema/leaf.ts";
import { type JsonSchema, REFUSED, type Schema } from "../../src/config/schema/schema.ts";

/** Longer than any name or URL that is used. */
const MOST_CHARACTERS = 8_192;

/** A text of at most 8192 characters. */
export const plainText = (
  expects: string,
  accepts: (text: string) => boolean = (text) => text !== "",
  json: JsonSchema = { minLength: 1 },
): Schema<string> => ({
  ...leaf(expects, {
    scalars: ["string"],
    read: (text: string) => (text.length <= MOST_CHARACTERS && accepts(text) ? text : REFUSED),
  }),
  json: { type: "string", maxLength: MOST_CHARACTERS, ...json },
});

export const choice = <const Value extends string>(...values: readonly Value[]): Schema<Value> => ({
  ...leaf(values.map((value) => `"${value}"`).join(" or "), {
    scalars: ["string"],
    read: (given: string) => values.find((value) => value === given) ?? REFUSED,
  }),
  json: { type: "string", enum: values },
});

/** A whole number from `least` to `most`; as text too, as a query has it. */
export const wholeNumber = (least: number, most: number): Schema<number> => ({
  ...leaf(`a whole number from ${least} to ${most}`, {
    scalars: ["number", "string"],
    read: (given: number | string) => {
      const value = typeof given === "string" && /^\d{1,9}$/.test(given) ? Number(given) : given;
      return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most
        ? value
        : REFUSED;
    },
  }),
  json: { type: "integer", minimum: least, maximum: most },
});

/** The same, or null. JSON only. */
export const wholeOrNull = (least: number, most: number): Schema<number | null> => ({
  ...leaf(`a whole number from ${least} to ${most}, or null`, {
    scalars: ["number"],
    takes: (value) => value === null || typeof value === "number",
    read: (given: number | null) =>
      given === null || (Number.isInteger(given) && given >= least && given <= most) ? given : REFUSED,
  }),
  json: { type: ["integer", "null"], minimum: least, maximum: most },
});

/** Anything that JSON can hold. */
export const anything = (expects: string): Schema => ({
  ...leaf(expects, { scalars: [], takes: (value) => value !== undefined, read: (value: unknown) => value }),
  json: {},
});
