/** What the schema lets stand at a place, for whoever walks a config without reading it. */
import type { ConfigPath } from "./problem.ts";
import type { Schema } from "./schema/run.ts";

type AnySchema = Schema<unknown, unknown>;

/** All forms that a value may have, in one. */
export interface Shape {
  /** As an object with these keys. */
  readonly entries: Readonly<Record<string, AnySchema>> | undefined;
  /** As an object with keys of the user's choice. */
  readonly item: AnySchema | undefined;
  /** As a list. */
  readonly element: AnySchema | undefined;
  readonly text: boolean;
  readonly number: boolean;
  /** Also where false alone is allowed. */
  readonly boolean: boolean;
  /** What counts where nothing is written. */
  readonly default: unknown;
  /** Spells out a short form. */
  readonly expand: ((value: unknown) => unknown) | undefined;
  readonly about: string | undefined;
}

/** The members that valibot's schemas have, whichever they are. */
interface Inside {
  readonly type: string;
  readonly wrapped?: AnySchema;
  readonly default?: unknown;
  readonly options?: readonly unknown[];
  readonly entries?: Readonly<Record<string, AnySchema>>;
  readonly value?: AnySchema;
  readonly item?: AnySchema;
  readonly literal?: unknown;
  readonly expand?: (value: unknown) => unknown;
  readonly about?: string;
}

const NOTHING: Shape = {
  entries: undefined,
  item: undefined,
  element: undefined,
  text: false,
  number: false,
  boolean: false,
  default: undefined,
  expand: undefined,
  about: undefined,
};

const either = (a: Shape, b: Shape): Shape => ({
  entries: a.entries ?? b.entries,
  item: a.item ?? b.item,
  element: a.element ?? b.element,
  text: a.text || b.text,
  number: a.number || b.number,
  boolean: a.boolean || b.boolean,
  default: a.default ?? b.default,
  expand: a.expand ?? b.expand,
  about: a.about ?? b.about,
});

/** What spells out an item of a list must leave the list alone. */
const ofOne = (expand: Shape["expand"]): Shape["expand"] =>
  expand === undefined ? undefined : (value) => (Array.isArray(value) ? value : expand(value));

const formsOf = (schema: Inside): Shape => {
  switch (schema.type) {
    case "string":
      return { ...NOTHING, text: true };
    case "number":
      return { ...NOTHING, number: true };
    case "boolean":
    case "literal":
      return { ...NOTHING, boolean: true };
    case "picklist": {
      const numbers = schema.options?.every((option) => typeof option === "number") === true;
      return { ...NOTHING, number: numbers, text: !numbers };
    }
    case "strict_object":
      return { ...NOTHING, entries: schema.entries };
    case "record":
      return { ...NOTHING, item: schema.value };
    case "array":
      return { ...NOTHING, element: schema.item };
    case "union":
      return (schema.options ?? [])
        .map((option) => shapeOf(option as AnySchema))
        .reduce((all, option) => either(all, { ...option, expand: ofOne(option.expand) }), NOTHING);
    default:
      return NOTHING;
  }
};

export const shapeOf = (schema: AnySchema): Shape => {
  const inside = schema as unknown as Inside;
  const forms = inside.wrapped === undefined ? formsOf(inside) : shapeOf(inside.wrapped);
  return {
    ...forms,
    default: inside.default,
    expand: inside.expand ?? forms.expand,
    about: inside.about,
  };
};

/** What may stand at `path`; undefined where nothing may. */
export const shapeAt = (schema: AnySchema, path: ConfigPath): Shape | undefined => {
  let shape = shapeOf(schema);
  for (const step of path) {
    const member = memberOf(shape, step);
    if (member === undefined) return undefined;
    shape = shapeOf(member);
  }
  return shape;
};

/** The schema of the member `key`, if the schema lets one stand there. */
export const memberOf = ({ entries, item, element }: Shape, key: string | number): AnySchema | undefined => {
  if (typeof key === "number") return element;
  return entries !== undefined && Object.hasOwn(entries, key) ? entries[key] : item;
};

export const takesText = (schema: AnySchema | undefined): boolean =>
  schema !== undefined && shapeOf(schema).text;

/** The items of a comma-separated list. */
export const listed = (text: string): string[] =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");

/** A text that came from outside, as the type that the schema takes there. */
export const coerce = (shape: Shape, text: string): unknown => {
  if (shape.element !== undefined && takesText(shape.element)) return listed(text);
  if (text === "false" && shape.boolean) return false;
  if (text === "true" && shape.boolean && !shape.text) return true;
  return shape.number && /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;
};
