/** Writes the reference of every config key into docs/configuration.md, from the schema. */
import { readFileSync, writeFileSync } from "node:fs";
import { configSchema } from "../src/config/schema/config.ts";
import type { Schema } from "../src/config/schema/run.ts";
import { type Shape, shapeOf } from "../src/config/shape.ts";

type AnySchema = Schema<unknown, unknown>;

const FILE = new URL("../docs/configuration.md", import.meta.url);
const START = "<!-- reference: written by scripts/config-reference.ts -->\n";
const END = "<!-- end of reference -->\n";

const code = (value: unknown): string =>
  `\`${typeof value === "string" && value !== "" ? value : JSON.stringify(value)}\``;

/** What stands between backticks is code; elsewhere a star would start emphasis. */
const plain = (text: string): string =>
  text
    .split("`")
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll("*", "\\*")))
    .join("`");

/** What a value has to be, without the examples, which stand in the page's chapter on values. */
const kind = (expects: string): string =>
  expects.replace(/,? such as .*?(?=, or (?:"unlimited"|false|an object)|$)/, "");

const isContainer = ({ entries, item, element }: Shape): boolean =>
  entries !== undefined || item !== undefined || element !== undefined;

/** The schema that a key wraps, which several keys may share. */
const within = (schema: AnySchema): AnySchema =>
  "wrapped" in schema ? within(schema.wrapped as AnySchema) : schema;

/** Whether a default says more than "as its own keys say". */
const isTelling = (value: unknown): boolean =>
  value !== undefined && !(typeof value === "object" && Object.keys(value ?? {}).length === 0);

const describe = (schema: AnySchema, shape: Shape): string => {
  const expects = kind(schema.expects);
  const trivial = /^an object(?: of durations| of limits)?$|^true or false$/.test(expects);
  const parts = [
    shape.about ?? "",
    trivial ? "" : `${expects.replace(/^./, (first) => first.toUpperCase())}.`,
  ];
  if (isTelling(shape.default)) parts.push(`Default ${code(shape.default)}.`);
  else if (schema.type !== "exact_optional") parts.push("Required.");
  return plain(parts.filter((part) => part !== "").join(" "));
};

/** Lines of the keys below `schema`, each set of keys described once. */
const keysOf = (schema: AnySchema, path: string, indent: string, seen: Map<AnySchema, string>): string[] => {
  const { entries, item, element } = shapeOf(schema);
  const inner = item ?? element;
  if (entries === undefined) return inner === undefined ? [] : keysOf(inner, path, indent, seen);
  return Object.entries(entries).flatMap(([key, member]) => {
    const shape = shapeOf(member);
    const at = `${path}.${key}`;
    const line = `${indent}- \`${key}\`: ${describe(member, shape)}`;
    const before = seen.get(within(member));
    if (before !== undefined && shape.entries !== undefined) return [`${line} Keys as in \`${before}\`.`];
    seen.set(within(member), at);
    return [line, ...(isContainer(shape) ? keysOf(member, at, `${indent}  `, seen) : [])];
  });
};

const reference = (): string => {
  const seen = new Map<AnySchema, string>();
  const sections = Object.entries(shapeOf(configSchema).entries ?? {})
    .filter(([key]) => key !== "$schema")
    .map(([key, schema]) => {
      const keys = keysOf(schema, key, "", seen).join("\n");
      return `### ${key}\n\n${describe(schema, shapeOf(schema))}\n\n${keys}\n`;
    });
  return sections.join("\n");
};

/** `text` with the reference between its marks brought up to date. */
export const withReference = (text: string): string => {
  const start = text.indexOf(START);
  const end = text.indexOf(END);
  if (start === -1 || end < start) throw new Error("docs/configuration.md has lost its marks");
  return `${text.slice(0, start)}${START}\n${reference()}\n${text.slice(end)}`;
};

if (import.meta.main) writeFileSync(FILE, withReference(readFileSync(FILE, "utf8")));
