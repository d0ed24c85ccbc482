/** Paths written in config, in the one spelling that request paths have. */
import { comparablePath, normaliseTarget } from "../http/target.ts";

/**
 * `value` as it would stand in a request: characters outside of ASCII and spaces percent-encoded as UTF-8, the
 * rest as `normaliseTarget` has it. So `/café` and `/caf%C3%A9` are the same path.
 *
 * @throws TypeError naming the path when no request can have it.
 */
export const normaliseConfigPath = (value: string): string => {
  const refuse = (reason: string): TypeError => new TypeError(`path ${JSON.stringify(value)}: ${reason}`);
  if (!value.startsWith("/")) throw refuse('must start with "/"');
  if (value.includes("?")) throw refuse('must not hold "?"; a match has "query" for that');
  if (value.includes("//")) throw refuse("must not hold an empty segment (//)");
  const encoded = value.replaceAll(/[^\u0021-\u007e]+/gu, (text) => encodeURIComponent(text.toWellFormed()));
  const normal = normaliseTarget(encoded);
  if (!normal.ok) throw refuse(normal.reason);
  return comparablePath(normal.path);
};
