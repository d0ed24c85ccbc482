/** The config's JSON Schema, for editors and other tools. */
import { type JsonSchema, toJsonSchema } from "@valibot/to-json-schema";
import { configSchema } from "./schema/config.ts";
import { REFERENCE, REFERENCE_ALONE } from "./schema/patterns.ts";
import type { Looks, Schema } from "./schema/run.ts";
import { takesText } from "./shape.ts";

/** The members beyond valibot's that schemas and checks of this project have. */
interface Own {
  readonly about?: string;
  readonly looks?: Looks;
}

/** A map's names, which hold no references. */
const namesOf = (schema: { readonly type: string; readonly key?: unknown }): JsonSchema =>
  schema.type === "record" ? { propertyNames: { type: "string", ...(schema.key as Own).looks } } : {};

/** A leaf that is text, where a reference may stand within. */
const textWithReference = (text: JsonSchema): JsonSchema => {
  if (text.enum !== undefined) return { anyOf: [text, { type: "string", pattern: REFERENCE }] };
  return text.pattern === undefined ? text : { ...text, pattern: `${text.pattern}|${REFERENCE}` };
};

/** `made` as it may also be written: a reference in place of what it describes, or in a text of it. */
const withReference = (made: JsonSchema): JsonSchema => {
  if (made.type === "string") return textWithReference(made);
  if (made.anyOf !== undefined) {
    return { ...made, anyOf: made.anyOf.map((form) => textWithReference(form as JsonSchema)) };
  }
  return { anyOf: [made, { type: "string", pattern: REFERENCE_ALONE }] };
};

/** Whether a whole value of `schema` can come from elsewhere: single values, and lists of texts. */
const isReferable = (schema: { readonly type: string; readonly item?: unknown } & Own): boolean => {
  if (schema.looks === undefined || schema.type === "literal") return false;
  return schema.type !== "array" || takesText(schema.item as Schema<unknown, unknown>);
};

/**
 * JSON Schema (draft 7) of what people write, with descriptions and defaults. It takes every config that the parser
 * takes, and refuses of the others those that an editor can be told of.
 */
export const jsonSchema = (): object => {
  const schema = toJsonSchema(configSchema, {
    typeMode: "input",
    errorMode: "ignore",
    overrideAction: ({ valibotAction, jsonSchema: made }): JsonSchema => ({
      ...made,
      ...(valibotAction as Own).looks,
    }),
    overrideSchema: ({ valibotSchema, jsonSchema: made }): JsonSchema => {
      const { about, looks } = valibotSchema as Own;
      const known: JsonSchema = { ...made, ...namesOf(valibotSchema), ...looks };
      const whole = isReferable(valibotSchema) ? withReference(known) : known;
      return about === undefined ? whole : { ...whole, description: about };
    },
  });
  return { ...schema, title: "Fairlead config" };
};
