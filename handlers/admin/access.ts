/**
 * Who may call the admin app. A token stands for its owner; what comes without one, where none is asked for, must come from this
 * machine, directly, and from no web page:
 *
 * - A name that an attacker's DNS server points at this address has another Host (DNS rebinding).
 * - A page of another site has another Origin, or the browser says that the request is cross-site.
 * - A proxy in front, which anybody may reach, adds forwarding fields.
 */
import type { HeaderPairs } from "../../src/http/header-edits.ts";
import { firstValue } from "../../src/http/headers.ts";
import { isLoopbackHost } from "../../src/http/loopback.ts";
import { NO_HOST, matchHost } from "../../src/http/host-matcher.ts";
import { parseAuthority } from "../../src/http/authority.ts";
import { normaliseAddress } from "../../src/http/address.ts";
import type { Actor } from "../control.ts";
import type { AdminContext, AdminHandler } from "./admin-env.ts";
import { isEqualSecret } from "./equal-secret.ts";
import { refusal } from "./refusal.ts";

/** How the app is reached. */
export type Reach =
  /** A listener on this address or host name. */
  | { readonly kind: "listener"; readonly host: string }
  /** A Unix socket: its permissions say who may. */
  | { readonly kind: "socket" }
  /** Beside routes, under the names of the site. */
  | { readonly kind: "path" };

export interface Access {
  /** By name; with none everybody is let in who comes directly and from no web page of another site. */
  readonly tokens: Readonly<Record<string, string>>;
  /** Further names that clients may call it by: exact or `*.example.com`. */
  readonly hosts: readonly string[];
  readonly reach: Reach;
}

/** Lets requests through that may be answered, with their `actor`. */
export const accessGuard =
  (access: Access): AdminHandler =>
  async (c, next) => {
    const admitted = admit(c, access);
    if (admitted instanceof Response) return admitted;
    c.set("actor", admitted);
    return next();
  };

/** Who sent the request, or the refusal of it. */
export const admit = (c: AdminContext, access: Access): Actor | Response => {
  const needsToken = Object.keys(access.tokens).length > 0;
  const { fields } = c.env.exchange.arrival;
  const { host, address } = c.env.exchange.client;
  if (!isServed(host, access)) return refusal(c, 421, "this host is not served here (admin.hosts)");
  if (isCrossSite(c, fields, host))
    return refusal(c, 403, "requests of web pages of other sites are refused");
  const token = needsToken ? tokenName(fields, access.tokens) : undefined;
  if (needsToken && token === undefined) return unauthorized(c);
  if (!needsToken && access.reach.kind !== "socket" && isForwarded(fields)) {
    return refusal(c, 403, "requests that come by a proxy need a token (admin.token)");
  }
  return { peer: address, ...(token !== undefined && { token }) };
};

const unauthorized = (c: AdminContext): Response => {
  c.header("www-authenticate", 'Bearer realm="fairlead"');
  return refusal(c, 401, "the admin token is missing or wrong");
};

/** Name of the token that was sent. All are compared, so that time does not tell which one is like it. */
const tokenName = (fields: HeaderPairs, tokens: Access["tokens"]): string | undefined => {
  const [, given = ""] = /^Bearer +(\S+)$/i.exec(firstValue(fields, "authorization") ?? "") ?? [];
  let found: string | undefined;
  for (const [name, token] of Object.entries(tokens)) if (isEqualSecret(given, token)) found = name;
  return found;
};

/** Whether clients may call the app by a host, given with or without its port. */
const isServed = (authority: string, { hosts, reach }: Access): boolean => {
  // No name leads to a socket. The site's own names are for `validation.hosts` to check.
  if (reach.kind === "socket" || (reach.kind === "path" && hosts.length === 0)) return true;
  const bound = reach.kind === "listener" ? reach.host : "localhost";
  const isWildcard = WILDCARDS.has(bound);
  const host = parseAuthority(authority)?.host;
  if (host === undefined) return false;
  const address = normaliseAddress(host);
  const boundAs = (normaliseAddress(bound) ?? bound).toLowerCase();
  if (isLoopbackHost(host) || (address ?? host) === boundAs) return true;
  // No DNS server has a say in what an address means.
  if (isWildcard && address !== undefined) return true;
  return matchHost(hosts, host) !== NO_HOST;
};

const WILDCARDS: ReadonlySet<string> = new Set(["0.0.0.0", "::", ""]);

/** Whether a browser sent it for a page of another origin. Somebody who follows a link to a page here does no harm. */
const isCrossSite = (c: AdminContext, fields: HeaderPairs, host: string): boolean => {
  const origin = firstValue(fields, "origin");
  if (origin !== undefined && !isOwnOrigin(origin, host)) return true;
  const site = firstValue(fields, "sec-fetch-site");
  if (site === undefined || site === "same-origin" || site === "none") return false;
  const isVisit =
    c.req.method === "GET" &&
    firstValue(fields, "sec-fetch-mode") === "navigate" &&
    firstValue(fields, "sec-fetch-dest") === "document";
  return !isVisit;
};

const isOwnOrigin = (origin: string, host: string): boolean => {
  if (!/^https?:\/\//.test(origin) || !URL.canParse(origin)) return false;
  const url = new URL(origin);
  const own = `${url.protocol}//${host}`;
  return URL.canParse(own) && new URL(own).host === url.host;
};

/** Whether something stands between the client and this process. */
const isForwarded = (fields: HeaderPairs): boolean => {
  for (let i = 0; i < fields.length; i += 2) {
    const name = (fields[i] ?? "").toLowerCase();
    if (FORWARDING.has(name) || name.startsWith("x-forwarded-")) return true;
  }
  return false;
};

const FORWARDING: ReadonlySet<string> = new Set([
  "cf-connecting-ip",
  "client-ip",
  "forwarded",
  "true-client-ip",
  "via",
  "x-client-ip",
  "x-real-ip",
]);
