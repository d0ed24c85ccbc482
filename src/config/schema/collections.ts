/** Lists, and objects with keys of the user's choice. */
import { isRecord } from "../tree.ts";
import { orReference } from "./leaf.ts";
import { type JsonSchema, longForm, REFUSED, type Schema } from "./schema.ts";

export interface MapOptions {
  /** Whether the names tell which values are secret. */
  readonly credentials?: boolean;
  /** TypeScript of the names. */
  readonly names?: string;
}

/** An object with keys of the user's choice. `name` may give a key another form; two keys of one form are an error. */
export const mapOf = <Output>(
  expects: string,
  name: Schema<string>,
  item: Schema<Output>,
  { credentials = false, names = "string" }: MapOptions = {},
): Schema<Readonly<Record<string, Output>>> => ({
  expects,
  types: {
    input: `Readonly<Record<${names}, ${item.types.input}>>`,
    output: `Readonly<Record<string, ${item.types.output}>>`,
  },
  json: { type: "object", additionalProperties: item.json, propertyNames: name.bare },
  takes: isRecord,
  read: (value, reading) => {
    if (!isRecord(value)) return reading.refuse(value, expects, REFUSED);
    const before = reading.issues.length;
    const output: Record<string, Output | undefined> = {};
    for (const [key, given] of Object.entries(value)) {
      if (given === undefined) continue;
      const form = reading.key(name, key);
      if (form === undefined) reading.member(item, key, given);
      else if (form === "__proto__") reading.complain("this can't be a name", [key], "key");
      else if (Object.hasOwn(output, form)) reading.complain(`"${form}" is given twice`, [key], "key");
      else output[form] = reading.member(item, key, given);
    }
    return reading.issues.length === before ? (output as Record<string, Output>) : undefined;
  },
  scalars: [],
  item,
  hasFormerNames: item.hasFormerNames,
  isSecret: credentials ? "credentials" : undefined,
});

const listType = (item: string): string => `readonly ${item.includes(" | ") ? `(${item})` : item}[]`;

/** A list of at least `least`. */
export const listOf = <Output>(
  expects: string,
  item: Schema<Output>,
  least: 0 | 1 = 0,
): Schema<readonly Output[]> => {
  const bare: JsonSchema = { type: "array", items: item.json, ...(least === 0 ? {} : { minItems: least }) };
  return {
    expects,
    types: { input: listType(item.types.input), output: listType(item.types.output) },
    json: item.scalars.length > 0 && item.settings === undefined ? orReference(bare) : bare,
    bare,
    takes: Array.isArray,
    read: (value, reading) => {
      if (!Array.isArray(value) || value.length < least) return reading.refuse(value, expects, REFUSED);
      const items = value.map((given, index) => reading.member(item, index, given));
      return items.includes(undefined) ? undefined : (items as Output[]);
    },
    scalars: [],
    element: item,
    hasFormerNames: item.hasFormerNames,
  };
};

/** One value or a list of them, of at least `least`; always read as a list. */
export const oneOrMany = <Output>(
  expects: string,
  item: Schema<Output>,
  least: 0 | 1 = 1,
): Schema<readonly Output[]> => {
  const list = listOf(expects, item, least);
  return {
    ...list,
    types: { input: `${item.types.input} | ${list.types.input}`, output: list.types.output },
    json: { anyOf: [item.json, list.bare] },
    takes: (value) => list.takes(value) || item.takes(value),
    read: (value, reading) => {
      if (Array.isArray(value)) return list.read(value, reading);
      const only = item.read(value, reading);
      return only === undefined ? undefined : [only];
    },
    scalars: item.scalars,
    settings: item.settings,
    expand: (value) => longForm(item, value),
  };
};
