/** Path matches as segments: one form for exact, prefix and pattern. */
import { normaliseConfigPath } from "./config-path.ts";
import type { PathMatch } from "./match.ts";

/** A compiled path match. */
export interface PathMatcher {
  /** Literal segments, normalised; undefined is a parameter, which takes one segment that is not empty. */
  readonly segments: readonly (string | undefined)[];
  /** Names of the parameters, in order. */
  readonly params: readonly string[];
  /** Further segments may follow. */
  readonly open: boolean;
  /** For people. */
  readonly text: string;
}

/** What a match without a path takes. */
const ANY_PATH: PathMatcher = Object.freeze({ segments: [], params: [], open: true, text: "/*" });

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
    if (segment.includes("*")) {
      throw new TypeError(`path pattern "${value}": "*" may only be the last segment`);
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
  return { segments, params, open, text: value };
};

/**
 * Compiles a path match. Undefined takes every path. A prefix's trailing "/" has no meaning; an exact path's has.
 *
 * @throws TypeError when no request can have such a path, or the pattern is malformed.
 */
export const compilePath = (match: PathMatch | undefined): PathMatcher => {
  if (match === undefined) return ANY_PATH;
  const { kind, value } = match;
  switch (kind) {
    case "exact":
      return { segments: segmentsOf(normaliseConfigPath(value)), params: [], open: false, text: value };
    case "prefix": {
      const segments = prefixSegments(normaliseConfigPath(value));
      return { segments, params: [], open: true, text: `${withoutTrailingSlash(value)}/*` };
    }
    case "pattern":
      return compilePattern(value);
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
export const matchPath = (matcher: PathMatcher, path: string): number => {
  let end = 0;
  for (const segment of matcher.segments) {
    if (path[end] !== "/") return -1;
    const start = end + 1;
    end = segmentEnd(path, start);
    if (segment === undefined ? end === start : path.slice(start, end) !== segment) return -1;
  }
  return matcher.open || end === path.length ? end : -1;
};

/** Values of the parameters. `path` must match. The record has no prototype. */
export const bindParams = (matcher: PathMatcher, path: string): Readonly<Record<string, string>> => {
  const bound = Object.create(null) as Record<string, string>;
  let end = 0;
  let next = 0;
  for (const segment of matcher.segments) {
    const start = end + 1;
    end = segmentEnd(path, start);
    const name = segment === undefined ? matcher.params[next++] : undefined;
    if (name !== undefined) bound[name] = path.slice(start, end);
  }
  return bound;
};

const LITERAL = 3;
const PARAMETER = 2;
const CLOSED_END = 1;
const OPEN_END = 0;

const rankAt = ({ segments, open }: PathMatcher, i: number): number => {
  if (i >= segments.length) return open ? OPEN_END : CLOSED_END;
  return segments[i] === undefined ? PARAMETER : LITERAL;
};

/**
 * Which of two matchers that take the same path is more specific; negative is `a`. Decided by the first segment
 * where they differ: a literal before a parameter before the end of a prefix. So an exact path comes before
 * every prefix, and a longer prefix before a shorter one, as Gateway API has it.
 */
export const comparePaths = (a: PathMatcher, b: PathMatcher): number => {
  for (let i = 0; ; i++) {
    const left = rankAt(a, i);
    const right = rankAt(b, i);
    if (left !== right) return right - left;
    if (left <= CLOSED_END) return 0;
  }
};
