/** Header fields: which belong to one connection, how they are looked up, what a sane one looks like. */
import type { HeaderPairs } from "./header-edits.ts";

/**
 * Fields that concern one connection only and are never forwarded, in either direction (RFC 9110 §7.6.1).
 * Lower-case.
 *
 * - `te`, `trailer`: trailers end at this proxy, so neither may be promised onwards.
 * - `transfer-encoding`: framing is written anew by whoever sends the message; forwarding it is how
 *   requests are smuggled (RFC 9112 §6.1).
 * - `upgrade`, `http2-settings`: an upstream that switched protocols would talk it behind the proxy
 *   (RFC 9113 §3.1 took `h2c` back).
 * - `proxy-authorization`: credentials meant for the proxy itself (RFC 9110 §11.7.2), not for what is behind it.
 * - `proxy-authenticate`, `proxy-authentication-info`: an upstream that challenges this proxy does not
 *   challenge the client (RFC 9110 §11.7.1, §11.7.3).
 * - `keep-alive`, `proxy-connection`: never standard, still sent.
 */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * End-to-end fields that `Connection` must not take away. RFC 9110 §7.6.1 forbids nominating fields that are
 * meant for all recipients; a request that does it anyway wants a later server to miss what earlier ones
 * relied on (its credentials, its client's address, its framing), so the nomination is ignored.
 */
const END_TO_END: ReadonlySet<string> = new Set([
  "authorization",
  "baggage",
  "cache-control",
  "cookie",
  "date",
  "etag",
  "expect",
  "forwarded",
  "host",
  "idempotency-key",
  "if-match",
  "if-none-match",
  "if-unmodified-since",
  "last-modified",
  "location",
  "origin",
  "range",
  "set-cookie",
  "strict-transport-security",
  "traceparent",
  "tracestate",
  "vary",
  "via",
  "x-real-ip",
  "x-request-id",
]);

/** Whether `Connection` may take away fields with this lower-case name. */
export const isNominable = (name: string): boolean =>
  name !== "close" &&
  isFieldName(name) &&
  !HOP_BY_HOP.has(name) &&
  !END_TO_END.has(name) &&
  !name.startsWith("content-") &&
  !name.startsWith("access-control-") &&
  !name.startsWith("x-forwarded-");

const NONE: readonly string[] = Object.freeze([]);

/** An option of a `Connection` value. White space ends one too, though the grammar has none inside the list's elements. */
export const CONNECTION_OPTION: RegExp = /[^\s,]+/g;

/**
 * Lower-case names of the fields that a `Connection` value declares to be hop-by-hop (RFC 9110 §7.6.1), less
 * `close` and those in `HOP_BY_HOP`, which go anyway. End-to-end fields that the proxy or its
 * upstreams rely on can't be nominated.
 */
export const nominatedBy = (connection: string): readonly string[] => {
  if (connection === "keep-alive" || connection === "close" || connection === "Keep-Alive") return NONE;
  let names: string[] | undefined;
  for (const [name] of connection.toLowerCase().matchAll(CONNECTION_OPTION)) {
    if (isNominable(name)) (names ??= []).push(name);
  }
  return names ?? NONE;
};

/** Names that are looked up one by one without thought of their number. */
const FEW = 8;

/**
 * Those of these lower-case names that some field has, each once. A `Connection` value may name thousands; what is left
 * of a long list is never more than there are fields, so that it can be searched for each of them.
 */
export const namesPresent = (names: readonly string[], pairs: HeaderPairs): readonly string[] => {
  if (names.length <= FEW) return names;
  const fields = new Set<string>();
  for (let i = 0; i < pairs.length; i += 2) fields.add((pairs[i] as string).toLowerCase());
  return [...new Set(names.filter((name) => fields.has(name)))];
};

/** Value of the first field with this lower-case name. */
export const firstValue = (pairs: HeaderPairs, lowerName: string): string | undefined => {
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i] as string;
    if (name.length === lowerName.length && (name === lowerName || name.toLowerCase() === lowerName)) {
      return pairs[i + 1];
    }
  }
  return undefined;
};

/**
 * Values of all fields with this lower-case name as one list (RFC 9110 §5.3). Joined by a comma, or by a
 * semicolon for `cookie` (RFC 6265 §5.4). Not for `set-cookie`, which can't be joined.
 */
export const joinedValue = (pairs: HeaderPairs, lowerName: string): string | undefined => {
  let joined: string | undefined;
  const separator = lowerName === "cookie" ? "; " : ", ";
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i] as string;
    if (name.length === lowerName.length && (name === lowerName || name.toLowerCase() === lowerName)) {
      const value = pairs[i + 1] as string;
      joined = joined === undefined ? value : joined + separator + value;
    }
  }
  return joined;
};

/** Whether `name` is a token (RFC 9110 §5.6.2), as every field name and method must be. */
export const isFieldName = (name: string): boolean => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name);

/**
 * Whether `value` may be sent as a field value (RFC 9110 §5.5): bytes without controls other than a tab, and
 * without white space at its ends. So neither a line break nor a NUL, whatever a client put there.
 */
export const isFieldValue = (value: string): boolean => !/[^\t\x20-\x7e\x80-\xff]|^[ \t]|[ \t]$/.test(value);
