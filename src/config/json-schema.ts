/** The config's JSON Schema, for editors and other tools. */
import { type JsonSchema, toJsonSchema } from "@valibot/to-json-schema";
import { configSchema } from "./schema/config.ts";

/** JSON Schema (draft 7) of what people write, with descriptions and defaults. */
export const jsonSchema = (): object => {
  const schema = toJsonSchema(configSchema, {
    typeMode: "input",
    errorMode: "ignore",
    overrideSchema: ({ valibotSchema, jsonSchema: made }): JsonSchema | undefined =>
      "about" in valibotSchema && typeof valibotSchema.about === "string"
        ? { ...made, description: valibotSchema.about }
        : undefined,
  });
  return { ...schema, title: "Fairlead config" };
};
