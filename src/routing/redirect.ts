/** Redirects: the `Location` of a request. */
import { parseAuthority } from "../http/authority.ts";
import { compileHost } from "./host-template.ts";
import type { RouteMatch } from "./match.ts";
import { compileRewrite } from "./rewrite.ts";
import { withOneSlash } from "./target-template.ts";
import type { TemplateScope } from "./template.ts";

/** What differs from the URL that was asked for. */
export interface LocationConfig {
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

/**
 * Compiles a redirect for the requests that `match` takes.
 *
 * The port follows Gateway API: the one given; else with a scheme given that scheme's own, with none the one
 * that was asked for. A port that is the scheme's own is left out. Without scheme, host and port the location
 * is the target alone (RFC 9110 §10.2.2), which can't be led astray by a forged `Host`.
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
): ((scope: TemplateScope) => string) => {
  const origin = compileOrigin(redirect);
  const { prefix, path } = redirect;
  const target = compileRewrite({ stripPrefix: false, prefix, path }, match);
  return (scope) => {
    const from = scope.path === "*" ? "/" : scope.path;
    return origin(scope) + withOneSlash(target(from, scope.query, scope));
  };
};
