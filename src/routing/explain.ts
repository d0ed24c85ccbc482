/** Why a request gets the route it gets, and why it does not get the others. */
import { isCredentialName } from "../http/credentials.ts";
import { type Condition, type RoutableRequest, firstUnmet, readValue } from "./condition.ts";
import { NO_HOST, matchHost } from "../http/host-matcher.ts";
import type { RouteMatch } from "./match.ts";
import { addAllowed, allowsMethod, rankMethod } from "./method-matcher.ts";
import { type PathMatcher, comparePaths, matchPath } from "./path-matcher.ts";
import { type RouteEntry, compareTied, compileEntry } from "./route-entry.ts";

/** What became of one entry. */
export interface RouteVerdict {
  /** Position among the entries. */
  readonly index: number;
  /**
   * - chosen: this is the one.
   * - passed-over: holds too, but is a redirect to the URL that was asked for.
   * - outranked: holds too, but another one is more specific.
   * - other-method: holds in all but the method.
   * - unmatched: something else does not hold.
   */
  readonly outcome: "chosen" | "passed-over" | "outranked" | "other-method" | "unmatched";
  /**
   * In words: what decided. The first condition that fails, in the order host, path, method, headers, query, cookies.
   * Shows no credential by its name and no cookie's value; the config's own secrets are the caller's to mask.
   */
  readonly reason: string;
}

export interface RouteExplanation {
  readonly kind: "found" | "method-not-allowed" | "no-route";
  /** Position of the entry that the request gets. */
  readonly chosen: number | undefined;
  /** Methods that would be taken, when only the method is wrong. Sorted. */
  readonly allow: readonly string[];
  /** One for each entry, in their order. */
  readonly verdicts: readonly RouteVerdict[];
}

interface Ranked {
  readonly entry: RouteEntry;
  readonly host: number;
}

const oneOf = (values: Iterable<string>): string => {
  const all = [...values];
  const last = all.pop() ?? "nothing";
  return all.length === 0 ? last : `${all.join(", ")} or ${last}`;
};

const describePath = ({ open, params, regex, text }: PathMatcher): string => {
  if (regex !== undefined) return `does not match ${text}`;
  if (params.length > 0) return `does not fit ${text}`;
  return open ? `is not under ${text.replace(/\/\*$/, "") || "/"}` : `is not ${text}`;
};

const PLACES = { header: "header", query: "query parameter", cookie: "cookie" } as const;

const describeUnmet = ({ place, name, test }: Condition, request: RoutableRequest): string => {
  const what = `${PLACES[place]} "${name}"`;
  const value = readValue(request, place, name);
  if (value === undefined) {
    const sent = place === "header" && request.disregarded.includes(name);
    return `${what} ${sent ? "does not count: nobody vouches for it" : "is missing"}`;
  }
  if (test.kind === "present") return `${what} is there and must not be`;
  if (isCredentialName(name)) return `${what} has another value`;
  // A cookie of any name may be a session's.
  const shown = place === "cookie" ? undefined : `${what} is ${JSON.stringify(value)}`;
  if (test.kind === "exact") {
    const expected = JSON.stringify(test.value);
    return shown === undefined ? `${what} is not ${expected}` : `${shown}, not ${expected}`;
  }
  return `${shown === undefined ? what : `${shown}, which`} does not match /${test.source}/`;
};

const verdictOf = (entry: RouteEntry, request: RoutableRequest): Omit<RouteVerdict, "index"> | undefined => {
  const { host, path, method } = request;
  if (matchHost(entry.hosts, host) === NO_HOST) {
    return { outcome: "unmatched", reason: `host ${host || "(none)"} is not ${oneOf(entry.hosts ?? [])}` };
  }
  if (matchPath(entry.path, path) === -1) {
    return { outcome: "unmatched", reason: `path ${path} ${describePath(entry.path)}` };
  }
  const allowed = allowsMethod(entry.methods, method);
  const unmet = firstUnmet(entry.conditions, request);
  if (!allowed) {
    const outcome = unmet === undefined ? "other-method" : "unmatched";
    return { outcome, reason: `method ${method} is not ${oneOf(entry.methods ?? [])}` };
  }
  return unmet && { outcome: "unmatched", reason: describeUnmet(unmet, request) };
};

const PASSED_OVER = {
  outcome: "passed-over",
  reason: "matches, but redirects to the URL that was asked for",
} as const;

const compareRanked = (a: Ranked, b: Ranked, method: string): number =>
  b.host - a.host || comparePaths(a.entry.path, b.entry.path) || compareTied(a.entry, b.entry, method).result;

const describeHosts = (hosts: RouteEntry["hosts"]): string => (hosts === undefined ? "any" : oneOf(hosts));

/** Why `winner` comes before `other`, told of `other`. */
const outrankedBy = (winner: Ranked, other: Ranked, method: string): string => {
  const [best, entry] = [winner.entry, other.entry];
  if (winner.host !== other.host) {
    return `matches, but host ${describeHosts(entry.hosts)} is less specific than ${describeHosts(best.hosts)}`;
  }
  if (comparePaths(best.path, entry.path) !== 0) {
    return `matches, but path ${entry.path.text} is less specific than ${best.path.text}`;
  }
  const count = (what: "headers" | "query" | "cookies", name: string): string =>
    `matches, but on fewer ${name} (${entry.match[what].length}, not ${best.match[what].length})`;
  const { by } = compareTied(best, entry, method);
  switch (by) {
    case "method":
      return rankMethod(entry.methods, method) === 0
        ? `matches, but names no method where the chosen one names ${oneOf(best.methods ?? [])}`
        : `matches, but takes ${method} only by way of GET`;
    case "headers":
      return count("headers", "headers");
    case "query":
      return count("query", "query parameters");
    case "cookies":
      return count("cookies", "cookies");
    case "order":
      return "matches as specifically, but stands later in the config";
  }
};

/**
 * Explains what `compileRouter(entries).find(request, passedOver)` answers, by the same matchers.
 * Costs by the number of entries: for people, not for traffic.
 *
 * @param isPassedOver whether the entry at this position was passed over.
 * @throws TypeError as `compileRouter` does.
 */
export const explainRoutes = (
  entries: readonly { readonly match: RouteMatch }[],
  request: RoutableRequest,
  isPassedOver: (index: number) => boolean = () => false,
): RouteExplanation => {
  const { method } = request;
  const allow = new Set<string>();
  const judged = entries.map(({ match }, index) => {
    const entry = compileEntry(match, index);
    const failure = verdictOf(entry, request) ?? (isPassedOver(index) ? PASSED_OVER : undefined);
    if (failure?.outcome === "other-method") addAllowed(allow, entry.methods);
    return { ranked: { entry, host: matchHost(entry.hosts, request.host) }, failure };
  });
  const [winner] = judged
    .filter(({ failure }) => failure === undefined)
    .map(({ ranked }) => ranked)
    .sort((a, b) => compareRanked(a, b, method));
  const verdicts = judged.map(({ ranked, failure }, index): RouteVerdict => {
    if (failure !== undefined) return { index, ...failure };
    if (winner === undefined || winner === ranked) {
      return { index, outcome: "chosen", reason: "the most specific match" };
    }
    return { index, outcome: "outranked", reason: outrankedBy(winner, ranked, method) };
  });
  if (winner !== undefined) return { kind: "found", chosen: winner.entry.order, allow: [], verdicts };
  const kind = allow.size === 0 ? "no-route" : "method-not-allowed";
  return { kind, chosen: undefined, allow: [...allow].sort(), verdicts };
};
