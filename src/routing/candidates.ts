/** The entries that share a host and a path: which of them a request gets. */
import { type RoutableRequest, firstUnmet } from "./condition.ts";
import { addAllowed, allowsMethod } from "./method-matcher.ts";
import { type RouteEntry, compareTied } from "./route-entry.ts";
import { type Shortlist, compileShortlist } from "./shortlist.ts";

interface Ordered<E extends RouteEntry> {
  readonly entries: readonly E[];
  readonly shortlist: Shortlist<E> | undefined;
}

/** Entries in the order they are tried. */
export interface Candidates<E extends RouteEntry> {
  readonly usual: Ordered<E>;
  /** For HEAD, where a route that names it comes before one that implies it by GET. */
  readonly head: Ordered<E>;
}

export const orderCandidates = <E extends RouteEntry>(entries: readonly E[]): Candidates<E> => {
  const by = (method: string): Ordered<E> => {
    const ordered = [...entries].sort((a, b) => compareTied(a, b, method).result);
    return { entries: ordered, shortlist: compileShortlist(ordered) };
  };
  const usual = by("GET");
  const namesHead = entries.some(({ methods }) => methods?.has("HEAD"));
  return { usual, head: namesHead ? by("HEAD") : usual };
};

const candidatesOf = <E extends RouteEntry>(
  { entries, shortlist }: Ordered<E>,
  request: RoutableRequest,
): readonly E[] => (shortlist === undefined ? entries : shortlist(request));

/** First entry whose method and conditions hold. Host and path are known to. */
export const pickCandidate = <E extends RouteEntry>(
  candidates: Candidates<E>,
  request: RoutableRequest,
): E | undefined => {
  const { method } = request;
  for (const entry of candidatesOf(method === "HEAD" ? candidates.head : candidates.usual, request)) {
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
  for (const entry of candidatesOf(candidates.usual, request)) {
    if (!allowsMethod(entry.methods, request.method) && firstUnmet(entry.conditions, request) === undefined) {
      addAllowed(allow, entry.methods);
    }
  }
};
