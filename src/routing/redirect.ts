/** Redirects: the `Location` of a request. */
import { canonicalAuthority, parseAuthority } from "../http/authority.ts";
import { compileHost } from "./host-template.ts";
import type { RouteMatch } from "./match.ts";
import { compileRewrite } from "./rewrite.ts";
import { type EncodedSlash, withOneSlash } from "./target-template.ts";
import type { TemplateScope } from "./template.ts";

/** What differs from the URL that was asked for. */
export interface LocationConfig {
  readonly status: number;
  readonly scheme: "http" | "https" | undefined;
  /** May hold variables. */
  readonly host: string | undefined;
  readonly port: number | undefined;
  /** Replaces the matched prefix. May hold variables. */
  readonly prefix: string | undefined;
  /** Replaces the whole path, and the query if it has one. May hold variables. */
  readonly path: string | undefined;
}

const WELL_KNOWN: Readonly<Record<string, number>> = { http: 80, https: 443 };

/** `scheme://host[:port]`; "" when it is not known which host was asked for. */
const compileOrigin = ({ scheme, host, port }: LocationConfig): ((scope: TemplateScope) => string) => {
  // The target alone says the same as the whole URL, and believes nothing that the client said of its host.
  if (scheme === undefined && host === undefined && port === undefined) return () => "";
  const template = host === undefined ? undefined : compileHost(host);
  return (scope) => {
    const asked = parseAuthority(scope.host);
    const named = template === undefined ? asked : parseAuthority(template.render(scope));
    if (named === undefined) return "";
    const protocol = scheme ?? scope.scheme;
    const inherited = scheme === undefined ? asked?.port : undefined;
    const chosen = port ?? (template === undefined ? undefined : named.port) ?? inherited;
    const shown = chosen === undefined || chosen === WELL_KNOWN[protocol] ? "" : `:${chosen}`;
    return `${protocol}://${named.host}${shown}`;
  };
};

/** Host and port without the scheme's own, so that two spellings of one origin are equal. */
const originOf = (scheme: string, authority: string): string => {
  const parsed = parseAuthority(authority);
  if (parsed === undefined) return "";
  return `${scheme}://${canonicalAuthority(parsed, scheme === "https" ? "https" : "http")}`;
};

/**
 * Whether a client that gets `status` for `method` asks again by the same method. 303 turns everything but HEAD into GET
 * (RFC 9110 §15.4.4), so that it may lead from a POST to the page that shows the result, under the same URL.
 */
const asksAgain = (status: number, method: string): boolean =>
  status !== 303 || method === "GET" || method === "HEAD";

/**
 * Compiles a redirect for the requests that `match` takes.
 *
 * The port follows Gateway API: the one given; else with a scheme given that scheme's own, with none the one
 * that was asked for. A port that is the scheme's own is left out. Without scheme, host and port the location
 * is the target alone (RFC 9110 §10.2.2), which can't be led astray by a forged `Host`.
 *
 * What it makes is undefined where the location is the URL that was asked for, as a redirect to https is for a client
 * that came by https: through this proxy's TLS or that of a trusted proxy in front. Such a redirect would lead in a
 * circle, so the route does not apply. The exception is 303 for methods other than GET and HEAD.
 *
 * Guarantees a valid reference whatever the client sent: no control character, and no `//` where the path
 * starts.
 *
 * Rendering throws `ProxyError` (`bad-request`) as rewrites do.
 *
 * @throws TypeError for a host or a path that can't be one, or an unknown variable.
 */
export const compileRedirect = (
  redirect: LocationConfig,
  match: RouteMatch,
  encodedSlash: EncodedSlash = "reject",
): ((scope: TemplateScope) => string | undefined) => {
  const origin = compileOrigin(redirect);
  const { status, prefix, path } = redirect;
  const target = compileRewrite({ stripPrefix: false, prefix, path }, match, encodedSlash);
  return (scope) => {
    const from = scope.path === "*" ? "/" : scope.path;
    const there = withOneSlash(target(from, scope.query, scope));
    const site = origin(scope);
    const same = there === from + scope.query && (site === "" || site === originOf(scope.scheme, scope.host));
    return same && asksAgain(status, scope.method) ? undefined : site + there;
  };
};
