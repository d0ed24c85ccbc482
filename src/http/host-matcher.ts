/** Host matches: exact names, and one leading wildcard label. */

/** What a route's host says about a request's; higher is more specific, `NO_HOST` does not match. */
export const NO_HOST = -1;
const ANY_HOST = 0;
/** More than any wildcard can have: names have at most 253 characters. */
const EXACT_HOST = 1000;

/** `example.com` of `*.example.com`; undefined for an exact name. */
export const wildcardSuffix = (pattern: string): string | undefined =>
  pattern.startsWith("*.") ? pattern.slice(2) : undefined;

/** Whether `host` is one or more labels in front of `suffix`. */
const isUnder = (host: string, suffix: string): boolean =>
  host.length > suffix.length + 1 && host.endsWith(suffix) && host[host.length - suffix.length - 1] === ".";

const rankHost = (pattern: string, host: string): number => {
  const suffix = wildcardSuffix(pattern);
  if (suffix === undefined) return pattern === host ? EXACT_HOST : NO_HOST;
  return isUnder(host, suffix) ? pattern.length : NO_HOST;
};

/**
 * How specifically the best of `patterns` matches `host`: an exact name before wildcards, a longer wildcard
 * before a shorter one, any before none (Gateway API, `Hostnames`). `NO_HOST` when none matches.
 */
export const matchHost = (patterns: readonly string[] | undefined, host: string): number => {
  if (patterns === undefined) return ANY_HOST;
  let best = NO_HOST;
  for (const pattern of patterns) best = Math.max(best, rankHost(pattern, host));
  return best;
};
