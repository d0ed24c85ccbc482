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

/** The path of an entry in an index is known to hold, unless it is an expression. */
const takesPath = ({ path }: RouteEntry, request: RoutableRequest): boolean =>
  path.regex === undefined || path.regex.test(request.path);

/** First entry whose method, conditions and expression of a path hold. Host and other paths are known to. */
export const pickCandidate = <E extends RouteEntry>(
  candidates: Candidates<E>,
  request: RoutableRequest,
  passedOver?: (entry: E) => boolean,
): E | undefined => {
  const { method } = request;
  for (const entry of candidatesOf(method === "HEAD" ? candidates.head : candidates.usual, request)) {
    if (!allowsMethod(entry.methods, method)) continue;
    if (entry.conditions.length > 0 && firstUnmet(entry.conditions, request) !== undefined) continue;
    if (takesPath(entry, request) && passedOver?.(entry) !== true) return entry;
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
    if (allowsMethod(entry.methods, request.method)) continue;
    if (firstUnmet(entry.conditions, request) !== undefined || !takesPath(entry, request)) continue;
    addAllowed(allow, entry.methods);
  }
};
