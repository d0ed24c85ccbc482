/**
 * Request targets in one spelling, so that the path that was routed on is the path that is forwarded and the
 * path that the upstream understands (RFC 3986 §6.2.2, RFC 9112 §3.2).
 */

/** A target in its one spelling, or why there is none. */
export type NormalisedTarget =
  | {
      readonly ok: true;
      /** `path` + `query`. */
      readonly target: string;
      /** Starts with "/"; "*" for the whole server. */
      readonly path: string;
      /** "" or starts with "?". */
      readonly query: string;
      /** The path holds `%2F`, which some servers take for a separator: whether that may pass is for the route to say. */
      readonly encodedSlash: boolean;
    }
  | { readonly ok: false; readonly reason: string };

const refuse = (reason: string): NormalisedTarget => ({ ok: false, reason });

// What a character of a path means to the scan below.
const PLAIN = 0;
const SLASH = 1;
/** May need rewriting, or is refused: for the thorough way to say. */
const ODD = 2;

const pathClasses = (): Uint8Array => {
  const classes = new Uint8Array(128).fill(ODD);
  for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,=:@[]") {
    classes[char.charCodeAt(0)] = PLAIN;
  }
  classes[47] = SLASH;
  return classes;
};
const PATH_CLASS: Uint8Array = pathClasses();

/** End of a path that is in its one spelling as it stands, or -1. */
const scanPath = (raw: string): number => {
  let previous = PLAIN;
  for (let i = 0; i < raw.length; i++) {
    const code = raw.charCodeAt(i);
    if (code === 63) return i;
    const kind = code < 128 ? (PATH_CLASS[code] as number) : ODD;
    if (kind === ODD || (previous === SLASH && (code === 46 || code === 47))) return -1;
    previous = kind;
  }
  return raw.length;
};

const SLASH_CODE = 47;

const isUnreserved = (code: number): boolean =>
  (code >= 97 && code <= 122) ||
  (code >= 65 && code <= 90) ||
  (code >= 48 && code <= 57) ||
  code === 45 ||
  code === 46 ||
  code === 95 ||
  code === 126;

const NOT_ASCII = /[\u0080-\uffff]/;
// oxlint-disable-next-line no-control-regex -- control characters are what this looks for
const FORBIDDEN_RAW = /[\u0000-\u0020\u007f\\#]/;
const FORBIDDEN_ESCAPE = /%(?:[01][0-9a-f]|7f|5c)/i;
const ENCODED_SLASH = /%2f/i;
const MALFORMED_ESCAPE = /%(?![0-9a-f]{2})/i;
const DOUBLE_ESCAPE = /%25[0-9a-f]{2}/i;
/**
 * `/..;x/` is `/../` to servers that cut path parameters off before they resolve dot segments, and so is
 * `/..%3Bx/` to those that decode before.
 */
const DISGUISED_DOTS = /\/\.{1,2}(?:;|%3B)/;
/** `/..%2Fx` is `/../x` to servers that decode before they resolve dot segments. */
const DOTS_AT_ENCODED_SLASH = /(?:\/|%2F)\.{1,2}%2F|%2F\.{1,2}(?:[/;]|%2F|%3B|$)/i;
/** Not allowed in a path by RFC 3986, yet sent; the URL parsers of browsers and runtimes escape most of them. */
const UNSAFE = /["<>^`{|}]/g;

const encode = (path: string): string =>
  path
    .replace(/%[0-9a-f]{2}/gi, (escape) => {
      const code = Number.parseInt(escape.slice(1), 16);
      if (code === SLASH_CODE) return escape;
      return isUnreserved(code) ? String.fromCharCode(code) : escape.toUpperCase();
    })
    .replace(UNSAFE, encodeURIComponent);

/** RFC 3986 §5.2.4. Empty segments are segments. */
const resolveDots = (path: string): string => {
  if (!path.includes("/.")) return path;
  const segments = path.split("/");
  const kept: string[] = [];
  for (let i = 1; i < segments.length; i++) {
    const segment = segments[i] as string;
    const dots = segment === "." || segment === "..";
    if (segment === "..") kept.pop();
    if (!dots) kept.push(segment);
    else if (i === segments.length - 1) kept.push("");
  }
  return `/${kept.join("/")}`;
};

const normalisePath = (raw: string): { path: string; encodedSlash: boolean } | { reason: string } => {
  if (NOT_ASCII.test(raw))
    return { reason: "path holds a character above 0x7f, which has to be percent-encoded" };
  if (FORBIDDEN_RAW.test(raw)) return { reason: "path holds a character that must not stand there" };
  if (MALFORMED_ESCAPE.test(raw)) return { reason: "path holds a malformed percent-escape" };
  if (FORBIDDEN_ESCAPE.test(raw)) {
    return { reason: "path holds an encoded backslash or control character" };
  }
  const encoded = encode(raw);
  const encodedSlash = ENCODED_SLASH.test(encoded);
  if (DOUBLE_ESCAPE.test(encoded)) return { reason: "path is percent-encoded twice" };
  if (DISGUISED_DOTS.test(encoded)) return { reason: "path hides a dot segment behind a parameter" };
  if (encodedSlash && DOTS_AT_ENCODED_SLASH.test(encoded)) {
    return { reason: "path hides a dot segment behind an encoded slash" };
  }
  const path = resolveDots(encoded);
  // A reference that starts so names another server (RFC 3986 §4.2), as soon as somebody resolves it.
  if (path.startsWith("//")) return { reason: "path starts with two slashes" };
  return { path, encodedSlash: encodedSlash && ENCODED_SLASH.test(path) };
};

/**
 * `path` as it is compared: encoded slashes are forwarded in the case they came in, and are the same in either. Has the
 * length of `path`.
 */
export const comparablePath = (path: string): string =>
  path.includes("%2f") ? path.replaceAll("%2f", "%2F") : path;

/** ASCII without controls, spaces and `#`. */
const isSaneQuery = (query: string): boolean => {
  for (let i = 1; i < query.length; i++) {
    const code = query.charCodeAt(i);
    if (code > 126 || code <= 32 || code === 35) return false;
  }
  return true;
};

/**
 * Brings an origin-form target (RFC 9112 §3.2.1), or `*`, into its one spelling.
 *
 * Guarantees: idempotent; never throws; the result means what `raw` meant; it holds ASCII only, no dot
 * segments, and upper-case escapes of reserved characters and non-ASCII bytes alone. What an upstream might
 * read otherwise than this proxy is refused: encoded backslashes and control characters, double encoding, malformed
 * escapes, raw backslashes, fragments, a leading `//`. Empty segments elsewhere are kept. Encoded slashes are kept as
 * they came, in either case, and reported; next to a dot segment they are refused.
 *
 * Characters above 0x7f are refused, as a request line may not hold them and is not to be corrected (RFC 9112 §3.2).
 * The query is passed on as it stands; controls, spaces and `#` in it are refused. An ordinary target is scanned once
 * and returned as the same string.
 */
export const normaliseTarget = (raw: string): NormalisedTarget => {
  if (raw === "*") return { ok: true, target: "*", path: "*", query: "", encodedSlash: false };
  const first = raw.charCodeAt(0);
  let end = first === 47 ? scanPath(raw) : -1;
  let path: string;
  let encodedSlash = false;
  if (end >= 0) {
    if (end === raw.length) return { ok: true, target: raw, path: raw, query: "", encodedSlash };
    path = raw.slice(0, end);
  } else {
    end = raw.indexOf("?");
    if (end === -1) end = raw.length;
    if (end > 0 && first !== 47) return refuse("target is not in origin form");
    const normal = end === 0 ? { path: "/", encodedSlash } : normalisePath(raw.slice(0, end));
    if ("reason" in normal) return refuse(normal.reason);
    ({ path, encodedSlash } = normal);
    if (end === raw.length) return { ok: true, target: path, path, query: "", encodedSlash };
  }
  const query = raw.slice(end);
  if (!isSaneQuery(query)) return refuse("query holds a character that must not stand there");
  const same = path.length === end && raw.startsWith(path);
  return { ok: true, target: same ? raw : path + query, path, query, encodedSlash };
};
