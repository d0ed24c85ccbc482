/**
 * The one look at a request's head before anything believes it: sizes, names, values, framing, Host, target.
 *
 * Everything on which two servers in a row might disagree is refused here, on every runtime alike, whatever
 * the runtime's own parser let through.
 */
import { type Authority, canonicalAuthority, parseAuthority } from "./authority.ts";
import type { HeaderPairs } from "./header-edits.ts";
import { isFieldName, nominatedBy } from "./headers.ts";
import { normaliseTarget } from "./target.ts";

/** What is looked at. */
export interface ScreenHead {
  readonly method: string;
  readonly scheme: "http" | "https";
  readonly target: string;
  readonly pairs: HeaderPairs;
  /** Authority of the request's URL where the runtime tells it apart from `Host` (HTTP/2, absolute-form). */
  readonly authority?: string | undefined;
  /** `"1.0"` where the runtime tells; anything else is treated as 1.1 or later. */
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
}

/** A request that must not be believed. */
export interface ScreenProblem {
  readonly code:
    | "bad-request"
    | "header-too-large"
    | "target-too-long"
    | "expectation-failed"
    | "not-implemented";
  /** For operators. */
  readonly detail: string;
}

const NONE: readonly string[] = Object.freeze([]);

const NOT_A_TOKEN = 1;
const UNDERSCORE = 2;

const nameClasses = (): Uint8Array => {
  const classes = new Uint8Array(256).fill(NOT_A_TOKEN);
  for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^`|~") {
    classes[char.charCodeAt(0)] = 0;
  }
  classes[95] = UNDERSCORE;
  return classes;
};
const NAME_CLASS: Uint8Array = nameClasses();

const flagsOf = (name: string): number => {
  let flags = name.length === 0 ? NOT_A_TOKEN : 0;
  for (let i = 0; i < name.length; i++) flags |= NAME_CLASS[name.charCodeAt(i)] ?? NOT_A_TOKEN;
  return flags;
};

/** Bytes without controls other than a tab (RFC 9110 §5.5). White space around is the runtime's to trim. */
const isSaneValue = (value: string): boolean => {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if ((code < 32 && code !== 9) || code === 127 || code > 255) return false;
  }
  return true;
};

const is = (name: string, lower: string): boolean => name === lower || name.toLowerCase() === lower;

const problem = (code: ScreenProblem["code"], detail: string): ScreenProblem => ({ code, detail });
const malformed = (detail: string): ScreenProblem => problem("bad-request", detail);

/** The few fields that decide where a message ends and where it goes, each seen at most once. */
interface Framing {
  host: string | undefined;
  length: string | undefined;
  coding: string | undefined;
  expect: string | undefined;
  drop: readonly string[];
}

/** Notes a field that matters here. Dispatches on the name's length: most names end there. */
const note = (framing: Framing, name: string, value: string): ScreenProblem | undefined => {
  switch (name.length) {
    case 4:
      if (!is(name, "host")) return undefined;
      if (framing.host !== undefined) return malformed("more than one Host field");
      framing.host = value;
      return undefined;
    case 6:
      if (is(name, "expect")) framing.expect = value;
      return undefined;
    case 10:
      if (is(name, "connection")) {
        const names = nominatedBy(value);
        if (names.length > 0) framing.drop = [...framing.drop, ...names];
      }
      return undefined;
    case 14:
      if (!is(name, "content-length")) return undefined;
      if (framing.length !== undefined) return malformed("more than one Content-Length field");
      framing.length = value;
      return undefined;
    case 17:
      if (!is(name, "transfer-encoding")) return undefined;
      if (framing.coding !== undefined) return malformed("more than one Transfer-Encoding field");
      framing.coding = value;
      return undefined;
    default:
      return undefined;
  }
};

/** RFC 9112 §6.1, §6.3: one reading of where the content ends, or none at all. */
const checkFraming = (framing: Framing, head: ScreenHead): ScreenProblem | undefined => {
  const { coding, length } = framing;
  if (coding !== undefined) {
    if (length !== undefined) return malformed("both Content-Length and Transfer-Encoding");
    if (coding.toLowerCase() !== "chunked") return malformed("Transfer-Encoding other than chunked");
    if (head.httpVersion === "1.0") return malformed("Transfer-Encoding in HTTP/1.0");
  }
  if (length !== undefined && !/^\d{1,15}$/.test(length)) return malformed("malformed Content-Length");
  return undefined;
};

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
    const flags = flagsOf(name);
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

const checkExpect = (framing: Framing): ScreenProblem | undefined => {
  if (framing.expect === undefined) return undefined;
  if (framing.expect.toLowerCase() !== "100-continue") {
    return problem("expectation-failed", "Expect other than 100-continue");
  }
  // This proxy's server answers 100 itself (RFC 9110 §10.1.1), so the upstream is asked without it.
  framing.drop = [...framing.drop, "expect"];
  return undefined;
};

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
 * Refused: too many or too large fields; names that are no tokens; values with controls; `Content-Length` with
 * `Transfer-Encoding`, repeated or malformed; `Transfer-Encoding` other than exactly `chunked`, or in HTTP/1.0; `Host`
 * missing, repeated, malformed, or other than the target's authority; `Expect` other than `100-continue`
 * (417, RFC 9110 §10.1.1); CONNECT; targets that `normaliseTarget` refuses. Never throws.
 */
export const screen = (head: ScreenHead, policy: ScreenPolicy): Screened | ScreenProblem => {
  if (head.target.length > policy.targetBytes) return problem("target-too-long", "target too long");
  if (!isFieldName(head.method)) return malformed("method is not a token");
  const framing: Framing = {
    host: undefined,
    length: undefined,
    coding: undefined,
    expect: undefined,
    drop: NONE,
  };
  const found =
    checkHeaders(head.pairs, policy, framing) ?? checkFraming(framing, head) ?? checkExpect(framing);
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
    drop: framing.drop,
  };
};
