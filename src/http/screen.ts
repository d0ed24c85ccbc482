/**
 * The one look at a request's head before anything believes it: sizes, names, values, framing, Host, target.
 *
 * Everything on which two servers in a row might disagree is refused here, on every runtime alike, whatever
 * the runtime's own parser let through.
 */
import { type Authority, canonicalAuthority, parseAuthority } from "./authority.ts";
import type { HeaderPairs } from "./header-edits.ts";
import { NOT_A_TOKEN, isSaneValue, nameFlags } from "./field-sanity.ts";
import { type Framing, checkExpect, checkFraming, noFraming, note } from "./framing.ts";
import { isFieldName, namesPresent } from "./headers.ts";
import { type ScreenProblem, malformed, problem } from "./screen-problem.ts";
import { normaliseTarget } from "./target.ts";

export type { ScreenProblem } from "./screen-problem.ts";

/** What is looked at. */
export interface ScreenHead {
  readonly method: string;
  readonly scheme: "http" | "https";
  readonly target: string;
  readonly pairs: HeaderPairs;
  /** Authority of the request's URL where the runtime tells it apart from `Host` (HTTP/2, absolute-form). */
  readonly authority?: string | undefined;
  /** `"1.1"` and its like where the runtime tells; treated as 1.1 where not. */
  readonly httpVersion?: string | undefined;
}

export interface ScreenPolicy {
  /** Bytes of all names and values. */
  readonly headerBytes: number;
  /** Number of fields. */
  readonly headers: number;
  /** Bytes of the target. */
  readonly targetBytes: number;
  /**
   * What becomes of names with an underscore, which some servers read as a dash (CGI, RFC 3875 §4.1.18), so
   * that `Content_Length` means `Content-Length` to them.
   */
  readonly underscores: "drop" | "reject" | "allow";
}

/** A request that may be believed. */
export interface Screened {
  /** Normalised; see `normaliseTarget`. */
  readonly target: string;
  readonly path: string;
  /** "" or starts with "?". */
  readonly query: string;
  /** Lower-case, with the port if it was given. */
  readonly authority: string;
  /** Lower-case, without port. */
  readonly host: string;
  /** Undefined where not given: no content or chunked content. */
  readonly contentLength: number | undefined;
  /** Lower-case names to take out of this request besides `HOP_BY_HOP`: nominated by Connection, underscored, `expect`. */
  readonly drop: readonly string[];
  /** See `normaliseTarget`. Only a route can say whether that may pass. */
  readonly encodedSlash: boolean;
}

const HTTP_URL = /^https?:\/\/([^/?#]*)/i;

/** Host (RFC 9110 §7.2) and whatever else names an authority must say the same. */
const checkAuthority = (
  host: string | undefined,
  others: readonly (string | undefined)[],
  scheme: "http" | "https",
): Authority | ScreenProblem => {
  const given = host ?? others.find((other) => other !== undefined);
  if (given === undefined) return malformed("no Host field");
  const authority = parseAuthority(given);
  if (authority === undefined) return malformed("malformed Host field");
  for (const other of others) {
    if (other === undefined || other === given) continue;
    const parsed = parseAuthority(other);
    if (
      parsed === undefined ||
      canonicalAuthority(parsed, scheme) !== canonicalAuthority(authority, scheme)
    ) {
      return malformed("target and Host name different authorities");
    }
  }
  return authority;
};

const checkHeaders = (
  pairs: HeaderPairs,
  policy: ScreenPolicy,
  framing: Framing,
): ScreenProblem | undefined => {
  if (pairs.length > policy.headers * 2) return problem("header-too-large", "too many header fields");
  let bytes = 0;
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i] as string;
    const value = pairs[i + 1] as string;
    bytes += name.length + value.length;
    if (bytes > policy.headerBytes) return problem("header-too-large", "header section too large");
    const flags = nameFlags(name);
    if (flags !== 0) {
      if ((flags & NOT_A_TOKEN) !== 0) return malformed("field name is not a token");
      if (policy.underscores === "reject") return malformed("field name with an underscore");
      if (policy.underscores === "drop") framing.drop = [...framing.drop, name.toLowerCase()];
    }
    if (!isSaneValue(value)) return malformed("field value with a control character");
    const found = note(framing, name, value);
    if (found !== undefined) return found;
  }
  return undefined;
};

const STANDARD_METHODS: ReadonlySet<string> = new Set([
  "CONNECT",
  "DELETE",
  "GET",
  "HEAD",
  "OPTIONS",
  "PATCH",
  "POST",
  "PUT",
  "TRACE",
]);

/** Methods are case-sensitive (RFC 9110 §9.1); `get` is none, yet some servers take it for GET. */
const isInOtherCase = (method: string): boolean =>
  !STANDARD_METHODS.has(method) && STANDARD_METHODS.has(method.toUpperCase());

const ORIGIN_FORM = 47;

/** Path and query of the target, and the authority it names. RFC 9112 §3.2. */
const splitTarget = (head: ScreenHead): { target: string; authority: string | undefined } | ScreenProblem => {
  const { target, method } = head;
  if (target.charCodeAt(0) === ORIGIN_FORM) return { target, authority: undefined };
  if (target === "*") {
    return method === "OPTIONS" ? { target, authority: undefined } : malformed("target * without OPTIONS");
  }
  if (method === "CONNECT") return problem("not-implemented", "CONNECT");
  const url = HTTP_URL.exec(target);
  if (url === null) return malformed("target in none of the known forms");
  const rest = target.slice(url[0].length);
  if (rest === "" && method === "OPTIONS") return { target: "*", authority: url[1] };
  return { target: rest, authority: url[1] };
};

/**
 * Looks at a request's head once and says what it means, or which problem it has.
 *
 * Refused: standard methods in another case; too many or too large fields; names that are no tokens; values with controls; `Content-Length` with
 * `Transfer-Encoding`, repeated or malformed; `Transfer-Encoding` other than exactly `chunked`, or in a version other than HTTP/1.1; `Host`
 * missing, repeated, malformed, or other than the target's authority; `Expect` other than `100-continue`
 * (417, RFC 9110 §10.1.1); CONNECT; targets that `normaliseTarget` refuses. Never throws.
 */
export const screen = (head: ScreenHead, policy: ScreenPolicy): Screened | ScreenProblem => {
  if (head.target.length > policy.targetBytes) return problem("target-too-long", "target too long");
  if (!isFieldName(head.method)) return malformed("method is not a token");
  if (isInOtherCase(head.method)) return malformed("method in lower case");
  const framing = noFraming();
  const found =
    checkHeaders(head.pairs, policy, framing) ??
    checkFraming(framing, head.httpVersion) ??
    checkExpect(framing);
  if (found !== undefined) return found;
  const split = splitTarget(head);
  if ("code" in split) return split;
  const authority = checkAuthority(framing.host, [split.authority, head.authority], head.scheme);
  if ("code" in authority) return authority;
  const normal = normaliseTarget(split.target);
  if (!normal.ok) return malformed(normal.reason);
  return {
    target: normal.target,
    path: normal.path,
    query: normal.query,
    authority: authority.port === undefined ? authority.host : `${authority.host}:${authority.port}`,
    host: authority.host,
    contentLength: framing.length === undefined ? undefined : Number(framing.length),
    drop: namesPresent(framing.drop, head.pairs),
    encodedSlash: normal.encodedSlash,
  };
};
