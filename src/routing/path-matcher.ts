/** Path matches as segments: one form for exact, prefix and pattern; and regular expressions. */
import { comparablePath } from "../http/target.ts";
import { normaliseConfigPath } from "./config-path.ts";
import type { PathMatch } from "./match.ts";
import { type Regex, compileRegex } from "./regex.ts";

/** A compiled path match. */
export interface PathMatcher {
  /** Literal segments, normalised; undefined is a wildcard, which takes one segment that is not empty. */
  readonly segments: readonly (string | undefined)[];
  /** Names of what is bound: one for each wildcard, in order, "" for one without a name; an expression's groups. */
  readonly params: readonly string[];
  /** Takes whole paths instead of `segments`. */
  readonly regex: Regex | undefined;
  /** Further segments may follow. */
  readonly open: boolean;
  /** For people. */
  readonly text: string;
}

/** What a match without a path takes. */
const ANY_PATH: PathMatcher = Object.freeze({
  segments: [],
  params: [],
  regex: undefined,
  open: true,
  text: "/*",
});

const PARAM_NAME = /^[A-Za-z][A-Za-z0-9_]*$/;

/** Segments of a path that starts with "/"; `/` has one, which is empty. */
const segmentsOf = (path: string): string[] => path.slice(1).split("/");

const withoutTrailingSlash = (path: string): string => (path.endsWith("/") ? path.slice(0, -1) : path);

const prefixSegments = (path: string): readonly string[] => {
  const trimmed = withoutTrailingSlash(path);
  return trimmed === "" ? [] : segmentsOf(trimmed);
};

const compilePattern = (value: string): PathMatcher => {
  const open = value.endsWith("/*");
  const normal = normaliseConfigPath(open ? value.slice(0, -1) : value);
  const params: string[] = [];
  const segments = (open ? prefixSegments(normal) : segmentsOf(normal)).map((segment) => {
    if (segment === "*") {
      params.push("");
      return undefined;
    }
    if (segment.includes("*")) {
      throw new TypeError(`path pattern "${value}": "*" stands for a whole segment`);
    }
    if (!segment.startsWith(":")) return segment;
    const name = segment.slice(1);
    if (!PARAM_NAME.test(name)) {
      throw new TypeError(
        `path pattern "${value}": "${segment}" names no parameter (a letter, then letters, digits and "_")`,
      );
    }
    if (params.includes(name)) {
      throw new TypeError(`path pattern "${value}": parameter "${name}" stands twice`);
    }
    params.push(name);
    return undefined;
  });
  return { segments, params, regex: undefined, open, text: value };
};

const compileExpression = (source: string): PathMatcher => {
  const regex = compileRegex(source, "whole");
  const unfit = regex.groups.find((name) => !PARAM_NAME.test(name));
  if (unfit !== undefined) {
    throw new TypeError(`group "${unfit}" names no parameter (a letter, then letters, digits and "_")`);
  }
  return { segments: [], params: regex.groups, regex, open: false, text: `regex ${source}` };
};

/**
 * Compiles a path match. Undefined takes every path. A prefix's trailing "/" has no meaning; an exact path's has.
 *
 * @throws TypeError when no request can have such a path, or the pattern or expression is malformed.
 */
export const compilePath = (match: PathMatch | undefined): PathMatcher => {
  if (match === undefined) return ANY_PATH;
  const { kind, value } = match;
  switch (kind) {
    case "exact":
      return { ...ANY_PATH, segments: segmentsOf(normaliseConfigPath(value)), open: false, text: value };
    case "prefix": {
      const segments = prefixSegments(normaliseConfigPath(value));
      return { ...ANY_PATH, segments, text: `${withoutTrailingSlash(value)}/*` };
    }
    case "pattern":
      return compilePattern(value);
    case "regex":
      return compileExpression(value);
  }
};

/** Index after the segment that starts at `start`: of its "/", or the path's end. */
export const segmentEnd = (path: string, start: number): number => {
  const slash = path.indexOf("/", start);
  return slash === -1 ? path.length : slash;
};

/**
 * Length of the part of `path` that the matcher's segments take, -1 when it does not match.
 * Without the "/" that follows them.
 */
export const matchPath = (matcher: PathMatcher, given: string): number => {
  const path = comparablePath(given);
  if (matcher.regex !== undefined) return path.startsWith("/") && matcher.regex.test(path) ? path.length : -1;
  let end = 0;
  for (const segment of matcher.segments) {
    if (path[end] !== "/") return -1;
    const start = end + 1;
    end = segmentEnd(path, start);
    if (segment === undefined ? end === start : path.slice(start, end) !== segment) return -1;
  }
  return matcher.open || end === path.length ? end : -1;
};

/** Values of the parameters as they stand in `path`, which must match. The record has no prototype. */
export const bindParams = (matcher: PathMatcher, path: string): Readonly<Record<string, string>> => {
  const bound = Object.create(null) as Record<string, string>;
  for (const [name, [start, end]] of matcher.regex?.spans(comparablePath(path)) ?? []) {
    bound[name] = path.slice(start, end);
  }
  let end = 0;
  let next = 0;
  for (const segment of matcher.segments) {
    const start = end + 1;
    end = segmentEnd(path, start);
    const name = segment === undefined ? matcher.params[next++] : undefined;
    if (name !== undefined && name !== "") bound[name] = path.slice(start, end);
  }
  return bound;
};

const LITERAL = 3;
const WILDCARD = 2;
const CLOSED_END = 1;
const OPEN_END = 0;

const rankAt = ({ segments, open }: PathMatcher, i: number): number => {
  if (i >= segments.length) return open ? OPEN_END : CLOSED_END;
  return segments[i] === undefined ? WILDCARD : LITERAL;
};

const EXACT = 2;
const EXPRESSION = 1;
const SEGMENTS = 0;

const kindOf = ({ regex, open, params }: PathMatcher): number => {
  if (regex !== undefined) return EXPRESSION;
  return open || params.length > 0 ? SEGMENTS : EXACT;
};

/**
 * Which of two matchers that take the same path is more specific; negative is `a`. An exact path comes first, then
 * expressions, among which the path decides nothing; then patterns and prefixes, by the first segment where they differ: a
 * literal before a wildcard before the end of a prefix. So a longer prefix comes before a shorter one, as Gateway API
 * has it, and a route that takes every path does not hide an expression.
 */
export const comparePaths = (a: PathMatcher, b: PathMatcher): number => {
  const byKind = kindOf(b) - kindOf(a);
  if (byKind !== 0 || a.regex !== undefined) return byKind;
  for (let i = 0; ; i++) {
    const left = rankAt(a, i);
    const right = rankAt(b, i);
    if (left !== right) return right - left;
    if (left <= CLOSED_END) return 0;
  }
};
