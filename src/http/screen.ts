/**
 * The one look at a request's head before anything believes it: sizes, names, Host, target, expectations.
 *
 * Everything on which two servers in a row might disagree is refused here, on every runtime alike. What fields say of
 * framing was noted while they were read (`field-notes.ts`), by whoever read them.
 */
import { type Authority, canonicalAuthority, parseAuthority } from "./authority.ts";
import type { FieldNotes } from "./field-notes.ts";
import type { HeaderPairs } from "./header-edits.ts";
import { isFieldName } from "./headers.ts";
import { type ScreenProblem, malformed, problem } from "./screen-problem.ts";
import { normaliseTarget } from "./target.ts";

export type { ScreenProblem } from "./screen-problem.ts";

/** What is looked at. */
export interface ScreenHead {
  readonly method: string;
  readonly scheme: "http" | "https";
  readonly target: string;
  readonly fields: HeaderPairs;
  readonly notes: FieldNotes;
  /** Authority of the request's URL where the runtime tells it apart from `Host`. */
  readonly authority: string | undefined;
  readonly version: string | undefined;
  readonly refusal: ScreenProblem | undefined;
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
  /** Lower-case, with the port if it was given; empty for HTTP/1.0 without `Host`. */
  readonly authority: string;
  /** Lower-case, without port. */
  readonly host: string;
  /** Lower-case names of fields that must not be believed or forwarded: nominated by `Connection`, underscored. */
  readonly drop: readonly string[];
  /** See `normaliseTarget`. Only a route can say whether that may pass. */
  readonly encodedSlash: boolean;
}

const HTTP_URL = /^https?:\/\/([^/?#]*)/i;

const NO_AUTHORITY: Authority = Object.freeze({ host: "", port: undefined });

/** Host (RFC 9110 §7.2) and whatever else names an authority must say the same. */
const checkAuthority = (head: ScreenHead, fromTarget: string | undefined): Authority | ScreenProblem => {
  const given = head.notes.host ?? fromTarget ?? head.authority;
  if (given === undefined) {
    // RFC 9112 §3.2 asks for Host from HTTP/1.1 clients only.
    return head.version === "1.0" ? NO_AUTHORITY : malformed("no Host field (RFC 9112 §3.2)");
  }
  const authority = parseAuthority(given);
  if (authority === undefined) return malformed("malformed Host field (RFC 9110 §7.2)");
  const disagrees = (other: string | undefined): boolean => {
    if (other === undefined || other === given) return false;
    const parsed = parseAuthority(other);
    return (
      parsed === undefined ||
      canonicalAuthority(parsed, head.scheme) !== canonicalAuthority(authority, head.scheme)
    );
  };
  return disagrees(fromTarget) || disagrees(head.authority)
    ? malformed("target and Host name different authorities (RFC 9112 §3.2.2)")
    : authority;
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

const SLASH = 47;

/** Path and query of the target, and the authority it names. RFC 9112 §3.2. */
const splitTarget = ({
  target,
  method,
}: ScreenHead): { target: string; authority: string | undefined } | ScreenProblem => {
  // Whatever its target: an upstream that agrees has made a tunnel of the connection (RFC 9110 §9.3.6).
  if (method === "CONNECT") return problem("not-implemented", "CONNECT");
  if (target.charCodeAt(0) === SLASH) return { target, authority: undefined };
  if (target === "*") {
    return method === "OPTIONS" ? { target, authority: undefined } : malformed("target * without OPTIONS");
  }
  const url = HTTP_URL.exec(target);
  if (url === null) return malformed("target in none of the known forms (RFC 9112 §3.2)");
  const rest = target.slice(url[0].length);
  if (rest === "" && method === "OPTIONS") return { target: "*", authority: url[1] };
  return { target: rest, authority: url[1] };
};

const checkFields = ({ fields, notes }: ScreenHead, policy: ScreenPolicy): ScreenProblem | undefined => {
  if (fields.length > policy.headers * 2) {
    return problem("header-too-large", `more than ${policy.headers} header fields (listen.limits.headers)`);
  }
  if (notes.bytes > policy.headerBytes) {
    return problem(
      "header-too-large",
      `header section of more than ${policy.headerBytes} bytes (listen.limits.headerBytes)`,
    );
  }
  if (policy.underscores === "reject" && notes.underscored.length > 0) {
    return malformed("field name with an underscore (validation.underscores)");
  }
  // Answered by the server when the content is asked for, or by the upstream; nothing else is known (RFC 9110 §10.1.1).
  if (notes.expect !== undefined && notes.expect.toLowerCase() !== "100-continue") {
    return problem("expectation-failed", "Expect other than 100-continue");
  }
  return undefined;
};

const dropped = ({ nominated, underscored }: FieldNotes, policy: ScreenPolicy): readonly string[] => {
  if (policy.underscores !== "drop" || underscored.length === 0) return nominated;
  return nominated.length === 0 ? underscored : [...nominated, ...underscored];
};

/**
 * Looks at a request's head once and says what it means, or which problem it has.
 *
 * Refused besides what reading the fields refused (framing, names, values): standard methods in another case; too many or too
 * large fields; `Host` missing from an HTTP/1.1 request, malformed, or other than the target's authority; `Expect` other than
 * `100-continue` (417, RFC 9110 §10.1.1); CONNECT; targets that `normaliseTarget` refuses. Never throws.
 */
export const screen = (head: ScreenHead, policy: ScreenPolicy): Screened | ScreenProblem => {
  if (head.refusal !== undefined) return head.refusal;
  if (head.target.length > policy.targetBytes) {
    return problem(
      "target-too-long",
      `request target of more than ${policy.targetBytes} bytes (listen.limits.targetBytes)`,
    );
  }
  if (!STANDARD_METHODS.has(head.method)) {
    if (!isFieldName(head.method)) return malformed("method is not a token (RFC 9110 §9.1)");
    if (isInOtherCase(head.method)) return malformed("method in lower case (RFC 9110 §9.1)");
  }
  const found = checkFields(head, policy);
  if (found !== undefined) return found;
  const split = splitTarget(head);
  if ("code" in split) return split;
  const authority = checkAuthority(head, split.authority);
  if ("code" in authority) return authority;
  const normal = normaliseTarget(split.target);
  if (!normal.ok) return malformed(normal.reason);
  return {
    target: normal.target,
    path: normal.path,
    query: normal.query,
    authority: authority.port === undefined ? authority.host : `${authority.host}:${authority.port}`,
    host: authority.host,
    drop: dropped(head.notes, policy),
    encodedSlash: normal.encodedSlash,
  };
};
