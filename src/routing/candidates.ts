/** The entries that share a host and a path: which of them a request gets. */
import { type RoutableRequest, firstUnmet } from "./condition.ts";
import { addAllowed, allowsMethod } from "./method-matcher.ts";
import { type RouteEntry, compareTied } from "./route-entry.ts";

/** Entries in the order they are tried. */
export interface Candidates<E extends RouteEntry> {
  readonly ordered: readonly E[];
  /** For HEAD, where a route that names it comes before one that implies it by GET. */
  readonly orderedForHead: readonly E[];
}

export const orderCandidates = <E extends RouteEntry>(entries: readonly E[]): Candidates<E> => {
  const by = (method: string): E[] => [...entries].sort((a, b) => compareTied(a, b, method).result);
  const ordered = by("GET");
  const namesHead = entries.some(({ methods }) => methods?.has("HEAD"));
  return { ordered, orderedForHead: namesHead ? by("HEAD") : ordered };
};

/** First entry whose method and conditions hold. Host and path are known to. */
export const pickCandidate = <E extends RouteEntry>(
  candidates: Candidates<E>,
  request: RoutableRequest,
): E | undefined => {
  const { method } = request;
  const entries = method === "HEAD" ? candidates.orderedForHead : candidates.ordered;
  for (const entry of entries) {
    if (!allowsMethod(entry.methods, method)) continue;
    if (entry.conditions.length === 0 || firstUnmet(entry.conditions, request) === undefined) return entry;
  }
  return undefined;
};

/** Adds the methods of the entries that hold in all but the method. */
export const collectAllowed = <E extends RouteEntry>(
  candidates: Candidates<E>,
  request: RoutableRequest,
  allow: Set<string>,
): void => {
  for (const entry of candidates.ordered) {
    if (!allowsMethod(entry.methods, request.method) && firstUnmet(entry.conditions, request) === undefined) {
      addAllowed(allow, entry.methods);
    }
  }
};
