/** Options of middleware: data, read by the very schema that reads the config, and functions. */
import { safeParse } from "valibot";
import { showPath, showValue } from "../src/config/problem.ts";
import { type Issue, type Schema, isRecord } from "../src/config/schema/run.ts";
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
  schema: Schema<unknown, Output>,
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
export const readValue = <Output>(name: string, value: unknown, schema: Schema<unknown, Output>): Output =>
  readWith(name, value, schema, []);

const readWith = <Output>(
  name: string,
  value: unknown,
  schema: Schema<unknown, Output>,
  functions: readonly string[],
): Output => {
  const result = safeParse(schema, value);
  if (!result.success) throw new TypeError(describe(name, result.issues[0], functions));
  return result.output;
};

const readFunction = (field: string, value: unknown): unknown => {
  if (value === undefined || typeof value === "function") return value;
  throw new TypeError(`${field}: expected a function, found ${showValue(value)}`);
};

const describe = (
  name: string,
  { expected, message, input, path }: Issue,
  functions: readonly string[],
): string => {
  const keys = (path ?? []).map(({ key }) => key as string | number);
  const field = keys.length === 0 ? name : `${name}: ${showPath(keys)}`;
  const meant = keys.length === 1 ? nearestName(String(keys[0]), functions) : undefined;
  if (path?.[0]?.origin === "key" && meant !== undefined) {
    return `${field}: unknown key; did you mean "${meant}"?`;
  }
  // The schema's convention: where `expected` is null, the message says it all.
  if (expected === null) return `${field}: ${message}`;
  const note = message === "" ? "" : ` (${message})`;
  return `${field}: expected ${expected}, found ${showValue(input)}${note}`;
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
