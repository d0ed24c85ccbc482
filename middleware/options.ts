/** Options of middleware: settings of the config, and functions. */
import { readNamed } from "../src/config/parse.ts";
import type { KeyRule } from "../src/config/schema/key-rules.ts";
import { code } from "../src/config/schema/leaf.ts";
import { named, object, optional } from "../src/config/schema/object.ts";
import type { Schema } from "../src/config/schema/schema.ts";

const FUNCTION = code("a function", (value) => typeof value === "function");

/** `trustedPeer` is asked about addresses, which only `getConnInfo` knows. */
const CONN_INFO: KeyRule<object> = {
  check: (_, { has, complain }) => {
    if (!has("trustedPeer") || has("getConnInfo")) return;
    const adapters = '"hono/bun", "hono/deno", "hono/cloudflare-workers", "@hono/node-server/conninfo"';
    const message = `expected the function of your runtime's adapter (${adapters}) beside trustedPeer, found nothing`;
    complain(message, "getConnInfo");
  },
};

/**
 * Reads `options`, where `functions` names those that are functions and `schema` has the others, with defaults filled in.
 *
 * @param name of the middleware, for the message.
 * @throws ConfigError, a TypeError, with everything that is wrong.
 */
export const readOptions = <Options extends object, Output, const Name extends string & keyof Options>(
  name: string,
  options: Options,
  { settings }: Schema<Output>,
  functions: readonly Name[],
): Output & Pick<Options, Name> => {
  const callbacks = Object.fromEntries(functions.map((key) => [key, optional(FUNCTION, "")]));
  const whole = object<Output & Pick<Options, Name>>(named("", { rules: [CONN_INFO] }), {
    ...settings,
    ...callbacks,
  });
  return readNamed(name, options, whole);
};
