/** Header edits whose values may hold variables. */
import type { HeaderEdits } from "../http/header-edits.ts";
import { NO_EDITS } from "../http/header-edits.ts";
import { encodeBytes } from "./percent-encoding.ts";
import { compileTemplate, type EncodeValue, type Template, type TemplateScope } from "./template.ts";

/** Header edits as config has them; names in any case. */
export interface HeaderTemplateConfig {
  readonly set: Readonly<Record<string, string>>;
  readonly append: Readonly<Record<string, readonly string[]>>;
  readonly remove: readonly string[];
}

/** Compiled header edits. */
export interface HeaderTemplate {
  /** The edits themselves when no value holds a variable; `NO_EDITS` when there are none. */
  readonly constant: HeaderEdits | undefined;
  /** Never throws. Every value is a valid field value (RFC 9110 §5.5), whatever the client sent. */
  render(scope: TemplateScope): HeaderEdits;
}

const NOT_OCTET = /[^\t\x20-\x7e\x80-\xff]/gu;
const NOT_ASCII = /[^\t\x20-\x7e]/gu;

const EDGES = /^[ \t]+|[ \t]+$/g;

/**
 * Percent-encodes what a field value may not hold. Bytes above 0x7f that came in a header field go out as they came;
 * those that came percent-encoded in a query go out so again.
 */
const fieldSafe: EncodeValue = (value, variable) =>
  value.replaceAll(
    variable.startsWith("header.") || variable.startsWith("cookie.") ? NOT_OCTET : NOT_ASCII,
    encodeBytes,
  );

const compileValue = (name: string, value: string): Template => {
  if (value.search(NOT_OCTET) !== -1) {
    throw new TypeError(`value of header "${name}" holds a character that no header field can carry`);
  }
  const template = compileTemplate(value, fieldSafe);
  const constant = template.constant?.replaceAll(EDGES, "");
  return { ...template, constant, render: (scope) => template.render(scope).replaceAll(EDGES, "") };
};

/**
 * Compiles `set` (replaces), `append` (adds beside what is there) and `remove` into edits.
 * Without variables nothing is done per request.
 *
 * @throws TypeError for unknown variables, and for control characters or ones above U+00FF in a value.
 */
export const compileHeaderEdits = (config: HeaderTemplateConfig): HeaderTemplate => {
  const drop = new Set(config.remove.map((name) => name.toLowerCase()));
  const fields: { readonly name: string; readonly value: Template }[] = [];
  for (const [given, value] of Object.entries(config.set)) {
    const name = given.toLowerCase();
    drop.add(name);
    fields.push({ name, value: compileValue(name, value) });
  }
  for (const [given, values] of Object.entries(config.append)) {
    const name = given.toLowerCase();
    for (const value of values) fields.push({ name, value: compileValue(name, value) });
  }
  if (fields.length === 0 && drop.size === 0) return { constant: NO_EDITS, render: () => NO_EDITS };
  const build = (text: (value: Template) => string): HeaderEdits => ({
    drop,
    fallback: NO_EDITS.fallback,
    add: fields.flatMap(({ name, value }) => [name, text(value)]),
  });
  if (fields.every(({ value }) => value.constant !== undefined)) {
    const constant = build((value) => value.constant ?? "");
    return { constant, render: () => constant };
  }
  const render = (scope: TemplateScope): HeaderEdits => {
    const add: string[] = [];
    for (const { name, value } of fields) add.push(name, value.render(scope));
    return { drop, fallback: NO_EDITS.fallback, add };
  };
  return { constant: undefined, render };
};
