/** Rewrites: which target an upstream is asked for, given the client's. */
import type { PathMatch, RouteMatch } from "./match.ts";
import { type PathMatcher, compilePath, matchPath } from "./path-matcher.ts";
import { type EncodedSlash, compileTarget } from "./target-template.ts";
import type { TemplateScope } from "./template.ts";

/** What to do with the path. At most one is set; none keeps the target. */
export interface PathRewrite {
  /** Removes the matched prefix. */
  readonly stripPrefix: boolean;
  /** Replaces the matched prefix (Gateway API `ReplacePrefixMatch`). May hold variables. */
  readonly prefix: string | undefined;
  /** Replaces the whole path (Gateway API `ReplaceFullPath`), and the query if it has one. May hold variables. */
  readonly path: string | undefined;
}

/**
 * Makes the new target of a request whose path matched.
 *
 * @returns Origin-form (RFC 9112 §3.2.1) but for what `joinTarget` puts before it: where all of the path was taken off,
 * it is empty or starts with "?". Or `*` as it came. No dot segment, no control character, nothing but ASCII. Starts with
 * two slashes only where an empty segment follows what was taken off.
 * @throws ProxyError `bad-request` when values put into a template would step out of their place.
 */
export type RewriteTarget = (path: string, query: string, scope: TemplateScope) => string;

/** Length of the matched part of a path, which is the same for every path unless parameters stand in it. */
const matchedLength = (matcher: PathMatcher): ((path: string) => number) => {
  if (matcher.params.length > 0) return (path) => matchPath(matcher, path);
  let length = 0;
  for (const segment of matcher.segments) length += 1 + (segment ?? "").length;
  return () => length;
};

const withoutTrailingSlash = (path: string): string => (path.endsWith("/") ? path.slice(0, -1) : path);

const replacePrefix = (
  replacement: string,
  match: PathMatch | undefined,
  encodedSlash: EncodedSlash,
): RewriteTarget => {
  const taken = matchedLength(compilePath(match));
  if (replacement === "" || replacement === "/") {
    return (path, query) => path.slice(taken(path)) + query;
  }
  const prefix = compileTarget(replacement, encodedSlash);
  return (path, query, scope) => {
    const rendered = prefix(scope);
    const rest = path.slice(taken(path));
    const start = rest === "" ? rendered.path : withoutTrailingSlash(rendered.path);
    return start + rest + (rendered.query ?? query);
  };
};

const replacePath = (text: string, encodedSlash: EncodedSlash): RewriteTarget => {
  const target = compileTarget(text, encodedSlash);
  return (_, query, scope) => {
    const rendered = target(scope);
    return rendered.path + (rendered.query ?? query);
  };
};

const keep: RewriteTarget = (path, query) => path + query;

const rewriteOf = (
  { stripPrefix, prefix, path }: PathRewrite,
  match: RouteMatch,
  encodedSlash: EncodedSlash,
): RewriteTarget => {
  if (path !== undefined) return replacePath(path, encodedSlash);
  if (prefix !== undefined) return replacePrefix(prefix, match.path, encodedSlash);
  return stripPrefix ? replacePrefix("", match.path, encodedSlash) : keep;
};

/**
 * Compiles a rewrite for the requests that `match` takes. The matched prefix is what a prefix or the segments
 * of a pattern with `/*` took, all of the path for an exact match, nothing without a path match.
 * The query is kept unless the template has a `?` of its own. Empty segments are kept.
 *
 * @param encodedSlash whether values may put an encoded slash into a template.
 * @throws TypeError for a template that can't make a target or holds an unknown variable.
 */
export const compileRewrite = (
  rewrite: PathRewrite,
  match: RouteMatch,
  encodedSlash: EncodedSlash = "reject",
): RewriteTarget => {
  const target = rewriteOf(rewrite, match, encodedSlash);
  return (path, query, scope) => (path === "*" ? "*" : target(path, query, scope));
};

/** How much of a path a rewrite takes off its front; undefined where all of it is replaced. */
export const compileTaken = (
  { stripPrefix, prefix, path }: PathRewrite,
  match: RouteMatch,
): ((path: string) => number) | undefined => {
  if (path !== undefined) return undefined;
  return stripPrefix || prefix !== undefined ? matchedLength(compilePath(match.path)) : () => 0;
};
