/** One match of one route, compiled, and which of two comes first. */
import { type Condition, compileConditions } from "./condition.ts";
import type { RouteMatch } from "./match.ts";
import { type Methods, rankMethod } from "./method-matcher.ts";
import { type PathMatcher, compilePath } from "./path-matcher.ts";

/** A compiled match. */
export interface RouteEntry {
  /** Position in the config. */
  readonly order: number;
  readonly match: RouteMatch;
  /** Lower-case. */
  readonly hosts: readonly string[] | undefined;
  readonly path: PathMatcher;
  readonly methods: Methods;
  readonly conditions: readonly Condition[];
}

/** @throws TypeError for a path or a regular expression that can't be. */
export const compileEntry = (match: RouteMatch, order: number): RouteEntry => ({
  order,
  match,
  hosts: match.hosts?.map((host) => host.toLowerCase()),
  path: compilePath(match.path),
  methods: match.methods && new Set(match.methods),
  conditions: compileConditions(match),
});

/** What decides between two entries that take the same request by the same host and an equally specific path. */
export type TieBreak = "method" | "headers" | "query" | "cookies" | "order";

const TIE_BREAKS: readonly {
  readonly name: TieBreak;
  readonly compare: (a: RouteEntry, b: RouteEntry, method: string) => number;
}[] = [
  {
    name: "method",
    compare: (a, b, method) => rankMethod(b.methods, method) - rankMethod(a.methods, method),
  },
  { name: "headers", compare: (a, b) => b.match.headers.length - a.match.headers.length },
  { name: "query", compare: (a, b) => b.match.query.length - a.match.query.length },
  { name: "cookies", compare: (a, b) => b.match.cookies.length - a.match.cookies.length },
  { name: "order", compare: (a, b) => a.order - b.order },
];

/**
 * Gateway API's order after host and path: a method match, then more header matches, then more query matches;
 * then more cookie matches, then the config's order. Negative when `a` comes first.
 */
export const compareTied = (
  a: RouteEntry,
  b: RouteEntry,
  method: string,
): { readonly by: TieBreak; readonly result: number } => {
  for (const { name, compare } of TIE_BREAKS) {
    const result = compare(a, b, method);
    if (result !== 0) return { by: name, result };
  }
  return { by: "order", result: 0 };
};
