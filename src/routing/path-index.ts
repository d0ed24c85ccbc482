/** The entries of one host by path: a map of whole paths, a list of expressions, and a tree of segments for the rest. */
import { type Candidates, orderCandidates } from "./candidates.ts";
import { segmentEnd } from "./path-matcher.ts";
import type { RouteEntry } from "./route-entry.ts";

interface Node<E extends RouteEntry> {
  literals: Map<string, Node<E>> | undefined;
  wildcard: Node<E> | undefined;
  /** Paths that end here. */
  closed: Candidates<E> | undefined;
  /** Paths that end here or go on. */
  open: Candidates<E> | undefined;
}

/** Entries by path. A look-up costs by the path's segments and the number of expressions, not that of other entries. */
export interface PathIndex<E extends RouteEntry> {
  /** Paths without wildcards, as a whole: nothing is more specific. */
  readonly exact: ReadonlyMap<string, Candidates<E>>;
  /** Entries whose path is an expression, whether it takes the path or not. */
  readonly expressions: Candidates<E> | undefined;
  readonly root: Node<E>;
}

/** What is asked of the candidates of a path; answers undefined to go on to the next less specific ones. */
export type Visit<E extends RouteEntry, Q> = (candidates: Candidates<E>, question: Q) => E | undefined;

const emptyNode = <E extends RouteEntry>(): Node<E> => ({
  literals: undefined,
  wildcard: undefined,
  closed: undefined,
  open: undefined,
});

const childOf = <E extends RouteEntry>(node: Node<E>, segment: string | undefined): Node<E> => {
  if (segment === undefined) return (node.wildcard ??= emptyNode());
  const literals = (node.literals ??= new Map());
  const found = literals.get(segment);
  if (found !== undefined) return found;
  const created = emptyNode<E>();
  literals.set(segment, created);
  return created;
};

/** Where an entry's candidates are kept; equal for entries whose paths are equally specific. */
const placeOf = ({ path }: RouteEntry): string =>
  `${path.segments.map((segment) => (segment === undefined ? ":" : `=${segment}`)).join("/")}${path.open ? "*" : ""}`;

export const indexPaths = <E extends RouteEntry>(entries: readonly E[]): PathIndex<E> => {
  const exact = new Map<string, Candidates<E>>();
  const root = emptyNode<E>();
  const expressions = entries.filter(({ path }) => path.regex !== undefined);
  const others = entries.filter(({ path }) => path.regex === undefined);
  for (const group of Map.groupBy(others, placeOf).values()) {
    const path = group[0]?.path;
    if (path === undefined) continue;
    const candidates = orderCandidates(group);
    if (!path.open && path.params.length === 0) {
      exact.set(`/${path.segments.join("/")}`, candidates);
      continue;
    }
    let node = root;
    for (const segment of path.segments) node = childOf(node, segment);
    if (path.open) node.open = candidates;
    else node.closed = candidates;
  }
  return { exact, expressions: expressions.length === 0 ? undefined : orderCandidates(expressions), root };
};

/** Tries what `node` leads to, for the rest of the path from `start`: most specific first. */
const descend = <E extends RouteEntry, Q>(
  node: Node<E>,
  path: string,
  start: number,
  visit: Visit<E, Q>,
  question: Q,
): E | undefined => {
  let found: E | undefined;
  if (start > path.length) {
    if (node.closed !== undefined) found = visit(node.closed, question);
  } else if (node.literals !== undefined || node.wildcard !== undefined) {
    const end = segmentEnd(path, start);
    const literal = node.literals?.get(path.slice(start, end));
    if (literal !== undefined) found = descend(literal, path, end + 1, visit, question);
    if (found === undefined && node.wildcard !== undefined && end > start) {
      found = descend(node.wildcard, path, end + 1, visit, question);
    }
  }
  if (found === undefined && node.open !== undefined) found = visit(node.open, question);
  return found;
};

/**
 * Visits the candidates of every path match that takes `path`, and all expressions, most specific first, until one
 * answers. Each node of the tree is entered at most once.
 */
export const walkPaths = <E extends RouteEntry, Q>(
  index: PathIndex<E>,
  path: string,
  visit: Visit<E, Q>,
  question: Q,
): E | undefined => {
  const whole = index.exact.get(path);
  let found = whole && visit(whole, question);
  if (found !== undefined) return found;
  // "*" (the whole server) has no segments: only what takes every path takes it.
  if (!path.startsWith("/")) return index.root.open && visit(index.root.open, question);
  found = index.expressions && visit(index.expressions, question);
  return found ?? descend(index.root, path, 1, visit, question);
};
