/** Options of middleware: data, read by the very schema that reads the config, and functions. */
import { showPath, showValue } from "../src/config/problem.ts";
import { type Issue, Reading } from "../src/config/schema/reading.ts";
import type { Schema } from "../src/config/schema/schema.ts";
import { isRecord } from "../src/config/tree.ts";
import { nearestName } from "../src/core/nearest.ts";

/** @throws TypeError when `options` is none. */
export const requireObject = (name: string, options: unknown): void => {
  if (!isRecord(options)) throw new TypeError(`${name}: expected an object, found ${showValue(options)}`);
};

/**
 * Reads `options`, where `functions` names those that are functions and `schema` reads all others, with defaults
 * filled in.
 *
 * @param name of the middleware, for the message.
 * @throws TypeError naming the first option that is wrong, what was expected and what was found.
 */
export const readOptions = <Options extends object, Output, const Name extends string & keyof Options>(
  name: string,
  options: Options,
  schema: Schema<Output>,
  functions: readonly Name[],
): Output & Pick<Options, Name> => {
  requireObject(name, options);
  const data = { ...options } as Record<string, unknown>;
  const code: Record<string, unknown> = {};
  for (const key of functions) {
    code[key] = readFunction(`${name}: ${key}`, data[key]);
    delete data[key];
  }
  return { ...readWith(name, data, schema, functions), ...(code as Pick<Options, Name>) };
};

/**
 * Reads one `value` by `schema`.
 *
 * @param name of the value, for the message.
 * @throws TypeError naming what is wrong first, what was expected and what was found.
 */
export const readValue = <Output>(name: string, value: unknown, schema: Schema<Output>): Output =>
  readWith(name, value, schema, []);

const readWith = <Output>(
  name: string,
  value: unknown,
  schema: Schema<Output>,
  functions: readonly string[],
): Output => {
  const reading = new Reading();
  const output = schema.read(value, reading);
  const [issue] = reading.issues;
  if (issue !== undefined || output === undefined) {
    throw new TypeError(issue === undefined ? name : describe(name, issue, functions));
  }
  return output;
};

const readFunction = (field: string, value: unknown): unknown => {
  if (value === undefined || typeof value === "function") return value;
  throw new TypeError(`${field}: expected a function, found ${showValue(value)}`);
};

const describe = (
  name: string,
  { expected, note, value, path, at }: Issue,
  functions: readonly string[],
): string => {
  const field = path.length === 0 ? name : `${name}: ${showPath(path)}`;
  const meant = path.length === 1 ? nearestName(String(path[0]), functions) : undefined;
  if (at === "key" && meant !== undefined) return `${field}: unknown key; did you mean "${meant}"?`;
  if (expected === undefined) return `${field}: ${note}`;
  const more = note === "" ? "" : ` (${note})`;
  return `${field}: expected ${expected}, found ${showValue(value)}${more}`;
};

/**
 * Who is a trusted proxy can be asked only of somebody's address.
 *
 * @throws TypeError when `trustedPeer` is given without `getConnInfo`.
 */
export const requireConnInfo = (
  name: string,
  { trustedPeer, getConnInfo }: { readonly trustedPeer?: unknown; readonly getConnInfo?: unknown },
): void => {
  if (trustedPeer === undefined || getConnInfo !== undefined) return;
  throw new TypeError(
    `${name}: getConnInfo: expected the function of your runtime's adapter ("hono/bun", "hono/deno", ` +
      `"hono/cloudflare-workers", "@hono/node-server/conninfo") beside trustedPeer, found nothing`,
  );
};
