/** Regular expressions of a config. */
import { exponentialAt } from "./regex-ambiguity.ts";

/** An escape as a whole, or any other character. */
const PIECES = /\\(?:[Pp]\{[^}]*\}|u\{[^}]*\}|u[\dA-Fa-f]{4}|x[\dA-Fa-f]{2}|c[A-Za-z]|k<[^>]*>|[^])|[^]/gu;

const isExpression = (source: string): boolean => {
  try {
    return new RegExp(source, "u") instanceof RegExp;
  } catch {
    return false;
  }
};

/** Engines say that there is a wrong escape, not which. */
const wrongEscape = (source: string): string | undefined => {
  let within = false;
  for (const { 0: piece, index } of source.matchAll(PIECES)) {
    if (piece === "[") within = true;
    else if (piece === "]") within = false;
    else if (
      piece.startsWith("\\") &&
      !/^\\(?:\d|k<)/.test(piece) &&
      !isExpression(within ? `[${piece}]` : piece)
    ) {
      return `"${piece}" (character ${index + 1}) is no escape`;
    }
  }
  return undefined;
};

/**
 * Compiles `source` as requests are matched against it: JavaScript's syntax with the flag `u`, which knows no needless
 * escapes, such as `\-` outside of a class.
 *
 * @throws TypeError saying what is wrong; also for an expression that takes exponential time on some values, as
 * `^(\w+\s?)*$` does.
 */
export const compileRegex = (source: string): RegExp => {
  let regex: RegExp;
  try {
    regex = new RegExp(source, "u");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "";
    const said = reason.slice(reason.lastIndexOf(": ") + 2).toLowerCase();
    throw new TypeError(wrongEscape(source) ?? said, { cause });
  }
  const found = exponentialAt(source);
  if (found === undefined) return regex;
  throw new TypeError(
    `takes exponential time on some values: what is repeated around "${found.text}" (character ${found.at + 1}) can match the same text in several ways`,
  );
};
