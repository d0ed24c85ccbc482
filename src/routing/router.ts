/** Which route a request gets. Matching and precedence follow Gateway API's `HTTPRoute` (v1). */
import { type Candidates, collectAllowed, pickCandidate } from "./candidates.ts";
import type { RoutableRequest } from "./condition.ts";
import { wildcardSuffix } from "../http/host-matcher.ts";
import { comparablePath } from "../http/target.ts";
import type { RouteMatch } from "./match.ts";
import { type PathIndex, type Visit, indexPaths, walkPaths } from "./path-index.ts";
import { bindParams } from "./path-matcher.ts";
import { type RouteEntry, compileEntry } from "./route-entry.ts";

export type { RoutableRequest } from "./condition.ts";

/** A match and what it leads to. A route with several matches has one entry for each. */
export interface RouterEntry<T> {
  readonly match: RouteMatch;
  readonly value: T;
}

export interface FoundRoute<T> {
  readonly kind: "found";
  readonly value: T;
  readonly match: RouteMatch;
  /** The path that matched, as the config writes it: `/users/:id`, `/v1/*`, the source of an expression; `/*` where none is given. */
  readonly path: string;
  /** What the path's parameters took, percent-encoded as it stands in the path. No prototype. */
  readonly params: Readonly<Record<string, string>>;
}

export type RouteResult<T> =
  | FoundRoute<T>
  /** Some route holds in all but the method. `allow` is what such routes take: sorted, without duplicates. */
  | { readonly kind: "method-not-allowed"; readonly allow: readonly string[] }
  | { readonly kind: "no-route" };

export interface Router<T> {
  /**
   * Finds the most specific route whose match holds entirely. Never throws.
   *
   * An exact host comes before a wildcard (longer ones first), a wildcard before none; then an exact path comes before
   * an expression and that before patterns and prefixes, which are decided by their first differing segment (a
   * literal before a wildcard before a prefix's end); then a method match, the
   * number of header matches, of query matches and of cookie matches; then the config's order. What fails on
   * its headers, say, gives way to less specific routes, of less specific hosts too.
   *
   * @param passedOver values whose routes turned out not to apply: the next one that holds is found.
   */
  find(request: RoutableRequest, passedOver?: ReadonlySet<T>): RouteResult<T>;
}

interface Target<T> extends RouteEntry {
  /** What `find` answers where there is nothing to bind. */
  readonly found: FoundRoute<T>;
}

interface HostIndex<T> {
  readonly exact: ReadonlyMap<string, PathIndex<Target<T>>>;
  /** By suffix: `example.com` of `*.example.com`. */
  readonly wildcards: ReadonlyMap<string, PathIndex<Target<T>>>;
  readonly any: PathIndex<Target<T>>;
}

const NO_ROUTE = Object.freeze({ kind: "no-route" } as const);
const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze(
  Object.create(null) as Record<string, string>,
);

const indexHosts = <T>(targets: readonly Target<T>[]): HostIndex<T> => {
  const exact = new Map<string, Set<Target<T>>>();
  const wildcards = new Map<string, Set<Target<T>>>();
  for (const target of targets) {
    for (const pattern of target.hosts ?? []) {
      const suffix = wildcardSuffix(pattern);
      const [hosts, name] = suffix === undefined ? [exact, pattern] : [wildcards, suffix];
      const there = hosts.get(name);
      if (there === undefined) hosts.set(name, new Set([target]));
      else there.add(target);
    }
  }
  const indexed = (hosts: ReadonlyMap<string, Set<Target<T>>>): Map<string, PathIndex<Target<T>>> =>
    new Map([...hosts].map(([name, there]) => [name, indexPaths([...there])]));
  return {
    exact: indexed(exact),
    wildcards: indexed(wildcards),
    any: indexPaths(targets.filter(({ hosts }) => hosts === undefined)),
  };
};

/** Visits what takes the request's host and path, most specific first, until `visit` answers. */
const walk = <T, Q>(
  index: HostIndex<T>,
  { host, path }: RoutableRequest,
  visit: Visit<Target<T>, Q>,
  question: Q,
): Target<T> | undefined => {
  const named = index.exact.get(host);
  let found = named && walkPaths(named, path, visit, question);
  if (found !== undefined) return found;
  if (index.wildcards.size > 0) {
    for (let dot = host.indexOf(".", 1); dot !== -1; dot = host.indexOf(".", dot + 1)) {
      const under = index.wildcards.get(host.slice(dot + 1));
      found = under && walkPaths(under, path, visit, question);
      if (found !== undefined) return found;
    }
  }
  return walkPaths(index.any, path, visit, question);
};

interface Search<T> {
  readonly request: RoutableRequest;
  readonly passedOver: ReadonlySet<T>;
}

const pickOther = <T>(
  candidates: Candidates<Target<T>>,
  { request, passedOver }: Search<T>,
): Target<T> | undefined => pickCandidate(candidates, request, ({ found }) => passedOver.has(found.value));

interface Collection {
  readonly request: RoutableRequest;
  readonly allow: Set<string>;
}

const collect = <T>(candidates: Candidates<Target<T>>, { request, allow }: Collection): undefined => {
  collectAllowed(candidates, request, allow);
};

/**
 * Compiles routes. What a look-up costs depends on the request's host and path, not on the number of routes; only
 * expressions of paths are tried one after another.
 *
 * @throws TypeError for a path that no request can have, a malformed pattern or regular expression.
 */
export const compileRouter = <T>(entries: readonly RouterEntry<T>[]): Router<T> => {
  const targets = entries.map(({ match, value }, order): Target<T> => {
    const entry = compileEntry(match, order);
    const path = match.path?.kind === "regex" ? match.path.value : entry.path.text;
    return { ...entry, found: Object.freeze({ kind: "found", value, match, path, params: NO_PARAMS }) };
  });
  const index = indexHosts(targets);
  const anyMethods = targets.some(({ methods }) => methods !== undefined);
  const notFound = (request: RoutableRequest): RouteResult<T> => {
    if (!anyMethods) return NO_ROUTE;
    const allow = new Set<string>();
    walk(index, request, collect<T>, { request, allow });
    return allow.size === 0 ? NO_ROUTE : { kind: "method-not-allowed", allow: [...allow].sort() };
  };
  return {
    find: (given, passedOver) => {
      const path = comparablePath(given.path);
      const request = path === given.path ? given : { ...given, path };
      const target =
        passedOver === undefined
          ? walk(index, request, pickCandidate<Target<T>>, request)
          : walk(index, request, pickOther<T>, { request, passedOver });
      if (target === undefined) return notFound(request);
      if (target.path.params.length === 0) return target.found;
      const { value, match, path: pattern } = target.found;
      return { kind: "found", value, match, path: pattern, params: bindParams(target.path, given.path) };
    },
  };
};
