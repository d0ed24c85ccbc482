/**
 * Regular expressions of a config. They run on what clients send, so matching takes time that is linear in the length of
 * the value, whatever the expression: RE2's syntax and automata instead of the runtime's backtracking `RegExp`.
 */
import { RE2JS, RE2JSException, RE2JSSyntaxException, RE2Set } from "re2js";

/** Where an expression has to match. */
export type RegexScope = "anywhere" | "whole";

/** A compiled expression. Stateless. */
export interface Regex {
  /** Names of its groups, in order. */
  readonly groups: readonly string[];
  test(value: string): boolean;
  /** Position of each named group that took part in a match of the whole value; empty where it does not match. */
  spans(value: string): ReadonlyMap<string, readonly [start: number, end: number]>;
}

/**
 * Instructions of a compiled expression, about one a character that it names. Time per character is at most proportional
 * to this, and reached only by expressions such as `a.{200}b`, on values made for it.
 */
const MAX_INSTRUCTIONS = 500;

/**
 * Memory for the automaton that is built while matching. Expressions in use need a few KiB; for one that would need
 * more, matching goes on without it. RE2's default of 8 MiB is slower: it takes longer to fill than to do without.
 */
const AUTOMATON_BYTES = 256 * 1024;

const SYNTAX = "expressions have RE2's syntax, which is matched in linear time";

/** What people try that RE2 leaves out, by how it begins. */
const UNSUPPORTED: readonly (readonly [start: RegExp, what: string])[] = [
  [/^\(\?[=!]/, `lookahead is not supported; ${SYNTAX}`],
  [/^\(\?<[=!]/, `lookbehind is not supported; ${SYNTAX}`],
  [/^\\(?:[1-9]|k)|^\(\?P=/, `a back-reference is not supported; ${SYNTAX}`],
  [/^\(\?>|^[*+?}]\+$/, `atomic groups and possessive repetition are not supported; ${SYNTAX}`],
  [/^\\u/, 'write "\\x{1F600}" for a character by its number'],
  [/^\{\d/, "repetition counts go up to 1000, nested ones multiplied, the smaller one first"],
];

const explain = ({ error, input }: RE2JSSyntaxException, source: string): string => {
  if (input === null || input === "") return error;
  const what = UNSUPPORTED.find(([start]) => start.test(input))?.[1] ?? error;
  const piece = input.startsWith("(?") ? (/^\(\?P?<?[=!>]?/.exec(input)?.[0] ?? input) : input;
  if (piece === source) return what;
  const at = source.indexOf(piece);
  const unique = at !== -1 && source.indexOf(piece, at + 1) === -1;
  return `"${piece}"${unique ? ` (character ${at + 1})` : ""}: ${what}`;
};

const compile = (source: string): RE2JS => {
  try {
    return RE2JS.compile(source);
  } catch (cause) {
    const reason =
      cause instanceof RE2JSSyntaxException
        ? explain(cause, source)
        : cause instanceof RE2JSException
          ? cause.message
          : String(cause);
    throw new TypeError(reason, { cause });
  }
};

/**
 * Compiles `source`, RE2's syntax (https://github.com/google/re2/wiki/Syntax): no lookaround and no back-references.
 *
 * @throws TypeError saying what is wrong, where the expression has another syntax or is too large.
 */
export const compileRegex = (source: string, scope: RegexScope = "anywhere"): Regex => {
  const regex = compile(source);
  if (regex.programSize() > MAX_INSTRUCTIONS) {
    throw new TypeError(
      `compiles to ${regex.programSize()} instructions, more than ${MAX_INSTRUCTIONS}; write smaller repetition counts, or several matches`,
    );
  }
  const groups = Object.keys(regex.namedGroups());
  const anchor = scope === "whole" ? RE2Set.ANCHOR_BOTH : RE2Set.UNANCHORED;
  // A set of one: unlike `RE2JS.test`, it lets the automaton's memory be limited.
  const set = new RE2Set(anchor, 0, AUTOMATON_BYTES);
  set.add(source);
  set.compile();
  return {
    groups,
    test: (value) => set.match(value).length > 0,
    spans: (value) => {
      const spans = new Map<string, readonly [number, number]>();
      const matcher = regex.matcher(value);
      if (!matcher.matches()) return spans;
      for (const name of groups) {
        const start = matcher.start(name);
        if (start !== -1) spans.set(name, [start, matcher.end(name)]);
      }
      return spans;
    },
  };
};
