/** Options of middleware, read by the very schema that reads the config. */
import { safeParse } from "valibot";
import { showPath, showValue } from "../src/config/problem.ts";
import type { Schema } from "../src/config/schema/run.ts";

/**
 * Reads `options` with defaults filled in.
 *
 * @param name of the middleware, for the message.
 * @throws TypeError naming the first field that is wrong, what was expected and what was found.
 */
export const readOptions = <Output>(
  name: string,
  schema: Schema<unknown, Output>,
  options: unknown,
): Output => {
  const result = safeParse(schema, options);
  if (result.success) return result.output;
  const [{ expected, message, input, path }] = result.issues;
  const field =
    path === undefined ? name : `${name}: ${showPath(path.map(({ key }) => key as string | number))}`;
  // The schema's convention: where `expected` is null, the message says it all.
  if (expected === null) throw new TypeError(`${field}: ${message}`);
  const note = message === "" ? "" : ` (${message})`;
  throw new TypeError(`${field}: expected ${expected}, found ${showValue(input)}${note}`);
};
