/** Writes the reference of every config key into docs/configuration.md, from the schema. */
import { readFileSync, writeFileSync } from "node:fs";
import type { Schema, Setting } from "../src/config/schema/schema.ts";
import { configSchema } from "../src/config/settings/config.ts";

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

/** Whether a default says more than "as its own keys say". */
const isTelling = (value: unknown): boolean =>
  value !== undefined && !(typeof value === "object" && Object.keys(value ?? {}).length === 0);

const describe = ({ schema, about, isRequired, default: value, formerly }: Setting): string => {
  const expects = kind(schema.expects);
  const trivial = /^an object(?: of durations| of limits)?$|^true or false$/.test(expects);
  const parts = [about, trivial ? "" : `${expects.replace(/^./, (first) => first.toUpperCase())}.`];
  if (isTelling(value)) parts.push(`Default ${code(value)}.`);
  if (isRequired) parts.push("Required.");
  if (formerly.length > 0) parts.push(`Formerly ${formerly.map(code).join(", ")}, which is still taken.`);
  return plain(parts.filter((part) => part !== "").join(" "));
};

/** Lines of the keys below `schema`, each set of keys described once. */
const keysOf = (
  { settings, item, element }: Schema,
  path: string,
  indent: string,
  seen: Map<Schema, string>,
): string[] => {
  const inner = item ?? element;
  if (settings === undefined) return inner === undefined ? [] : keysOf(inner, path, indent, seen);
  return Object.entries(settings).flatMap(([key, setting]) => {
    const { schema } = setting;
    const at = `${path}.${key}`;
    const line = `${indent}- \`${key}\`: ${describe(setting)}`;
    const before = seen.get(schema);
    if (before !== undefined && schema.settings !== undefined) return [`${line} Keys as in \`${before}\`.`];
    seen.set(schema, at);
    return [line, ...keysOf(schema, at, `${indent}  `, seen)];
  });
};

/** The reference of every key of `schema`. */
export const reference = (schema: Schema = configSchema): string => {
  const seen = new Map<Schema, string>();
  return Object.entries(schema.settings ?? {})
    .filter(([key]) => key !== "$schema")
    .map(([key, setting]) => {
      const keys = keysOf(setting.schema, key, "", seen).join("\n");
      return [`### ${key}`, describe(setting), keys].filter((part) => part !== "").join("\n\n");
    })
    .join("\n\n");
};

/** `text` with the reference between its marks brought up to date. */
export const withReference = (text: string): string => {
  const start = text.indexOf(START);
  const end = text.indexOf(END);
  if (start === -1 || end < start) throw new Error("docs/configuration.md has lost its marks");
  return `${text.slice(0, start)}${START}\n${reference()}\n\n${text.slice(end)}`;
};

if (import.meta.main) writeFileSync(FILE, withReference(readFileSync(FILE, "utf8")));
