/**
 * Rewrites `Location` and `Set-Cookie` for the client: an upstream that does not know of the proxy puts its own host there, or
 * leaves out the prefix that a rewrite took off. References to other servers are not changed.
 */
import { type Authority, canonicalAuthority, parseAuthority } from "../http/authority.ts";
import type { HeaderPairs } from "../http/header-edits.ts";

/** One exchange's two views of the same place. */
export interface Places {
  readonly client: {
    readonly scheme: "http" | "https";
    /** Authority; "" where none is known. */
    readonly host: string;
    /** Path without a slash at its end; "" is the whole server. */
    readonly prefix: string;
  };
  readonly upstream: {
    readonly scheme: "http" | "https";
    /** Authorities that it may call itself by. */
    readonly hosts: readonly string[];
    /** As that of the client. */
    readonly prefix: string;
  };
}

/** What is rewritten. */
export interface ResponseRewrite {
  readonly location: boolean;
  readonly cookies: boolean;
}

/** Whether `path` is `prefix` or below it. */
const isBelow = (prefix: string, path: string): boolean =>
  path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === "/");

/**
 * An upstream's path as the client sees it: undefined where it is none of what this route leads to. One that has the
 * client's prefix already comes from an application that knows of it.
 */
const clientPath = (path: string, { client, upstream }: Places): string | undefined => {
  if (upstream.prefix !== "" && isBelow(upstream.prefix, path)) {
    return client.prefix + path.slice(upstream.prefix.length) || "/";
  }
  if (client.prefix !== "" && isBelow(client.prefix, path)) return path;
  return upstream.prefix === "" ? client.prefix + path : undefined;
};

/** Characters that browsers read as slashes, and the tab, which they ignore. */
const SLASHES = /^[/\\\t]+/;

/** `path` as a reference. Two slashes at its front, harmless behind a prefix, would make it the name of a host. */
const onSameHost = (path: string): string => path.replace(SLASHES, "/");

const ABSOLUTE = /^(?:(https?):)?\/\/([^/?#]*)([^?#]*)(.*)$/is;
const PATH = /^(\/(?!\/)[^?#]*)(.*)$/s;

const isSame = (a: Authority, b: string, scheme: "http" | "https"): boolean => {
  const parsed = parseAuthority(b);
  return parsed !== undefined && canonicalAuthority(a, scheme) === canonicalAuthority(parsed, scheme);
};

/** `Location` for the client. */
export const clientLocation = (location: string, places: Places): string => {
  const { client, upstream } = places;
  const [, path, rest = ""] = PATH.exec(location) ?? [];
  if (path !== undefined) {
    const mapped = clientPath(path, places) ?? path;
    return (mapped === path ? path : onSameHost(mapped)) + rest;
  }
  const [, scheme, host = "", given = "", behind = ""] = ABSOLUTE.exec(location) ?? [];
  const authority = parseAuthority(host);
  if (authority === undefined) return location;
  const used =
    scheme?.toLowerCase() === "https" || (scheme === undefined && upstream.scheme === "https")
      ? "https"
      : "http";
  const isOwn = upstream.hosts.some((own) => isSame(authority, own, used));
  if (!isOwn) return location;
  const isClients = isSame(authority, client.host, used);
  // A redirect to a scheme that neither side uses, such as https, is intended: rewritten, it would lead back here.
  if (!isClients && used !== upstream.scheme && used !== client.scheme) return location;
  const mapped = clientPath(given === "" ? "/" : given, places);
  if (mapped === undefined) return location;
  // The client's own host: only the path can be wrong. Its scheme may be meant, as in a redirect to https.
  if (isClients) {
    return mapped === given
      ? location
      : `${scheme === undefined ? "" : `${scheme}:`}//${host}${mapped}${behind}`;
  }
  return client.host === ""
    ? onSameHost(mapped) + behind
    : `${client.scheme}://${client.host}${mapped}${behind}`;
};

/** Name and value of a cookie's attribute, without spaces around them (RFC 6265 §5.2). */
const attributeOf = (text: string): { readonly name: string; readonly value: string } => {
  const at = text.indexOf("=");
  return at === -1
    ? { name: text.trim().toLowerCase(), value: "" }
    : { name: text.slice(0, at).trim().toLowerCase(), value: text.slice(at + 1).trim() };
};

/** Browsers refuse such a cookie with any path but `/` (RFC 6265bis §4.1.3.2). */
const HOST_PREFIX = /^\s*__host-/i;

/** `Set-Cookie` for the client: without the upstream's own domain, with its path, and `Secure` where only the client has TLS. */
export const clientCookie = (cookie: string, places: Places): string => {
  const { client, upstream } = places;
  const [pair = "", ...attributes] = cookie.split(";");
  const isForRoot = HOST_PREFIX.test(pair);
  const kept: string[] = [];
  let isSecure = false;
  for (const attribute of attributes) {
    const { name, value } = attributeOf(attribute);
    if (name === "domain") {
      const domain = (value.startsWith(".") ? value.slice(1) : value).toLowerCase();
      const isUpstream = upstream.hosts.some((own) => parseAuthority(own)?.host === domain);
      // The client's own host stays: with it the cookie is also sent to subdomains.
      if (isUpstream && parseAuthority(client.host)?.host !== domain) continue;
    }
    isSecure ||= name === "secure";
    const isPath = name === "path" && value.startsWith("/") && !isForRoot;
    kept.push(isPath ? attribute.slice(0, attribute.indexOf("/")) + cookiePath(value, places) : attribute);
  }
  if (!isSecure && client.scheme === "https" && upstream.scheme === "http") kept.push(" Secure");
  return [pair, ...kept].join(";");
};

/** Without the slash at the end of a mapped `/`: the cookie would not be sent for the prefix itself. */
const cookiePath = (path: string, places: Places): string => {
  const mapped = clientPath(path, places) ?? path;
  return path === "/" && mapped.length > 1 && mapped.endsWith("/") ? mapped.slice(0, -1) : mapped;
};

const LOCATION = /^location$/i;
const SET_COOKIE = /^set-cookie$/i;

/** Fields with both rewritten; the same list where neither is there. `places` is asked for only then. */
export const clientFields = (
  fields: HeaderPairs,
  what: ResponseRewrite,
  places: () => Places,
): HeaderPairs => {
  let changed: string[] | undefined;
  let known: Places | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    const isLocation = name.length === 8 && what.location && LOCATION.test(name);
    const isCookie = name.length === 10 && what.cookies && SET_COOKIE.test(name);
    if (!isLocation && !isCookie) continue;
    known ??= places();
    const value = fields[i + 1] as string;
    changed ??= [...fields];
    changed[i + 1] = isLocation ? clientLocation(value, known) : clientCookie(value, known);
  }
  return changed ?? fields;
};
