/** Response headers that make browsers stricter, as edits. */
import type { HeaderEdits } from "./header-edits.ts";

export interface SecurityHeadersOptions {
  readonly preset: "default" | "strict";
  /** Values instead of or beside the preset's; false leaves one of the preset's out. Lower-case names. */
  readonly headers: Readonly<Record<string, string | false>>;
  /** Replace what the upstream set. */
  readonly override: boolean;
  /** Lower-case names of response fields taken out. */
  readonly remove: readonly string[];
}

/** One set of edits a scheme of the client. */
export interface SecurityHeaderEdits {
  readonly http: HeaderEdits;
  readonly https: HeaderEdits;
}

type Preset = Readonly<Record<string, string>>;

/**
 * Breaks no page that keeps to what it declares: types are not guessed, cross-origin referrers carry no path (the
 * browsers' own default, said aloud), old plug-in policies are off. Framing, cross-origin isolation and HSTS
 * are not touched: embedded pages, pop-ups and plain-HTTP neighbours on the same host are legitimate.
 */
const DEFAULT: Preset = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "strict-origin-when-cross-origin",
  "x-permitted-cross-domain-policies": "none",
};

/**
 * For sites made for it: everything from the own origin, no inline script or style, no framing, no sharing of
 * windows or resources with other origins, HTTPS only. A+ in Mozilla's HTTP Observatory.
 */
const STRICT: Preset = {
  "content-security-policy":
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "origin-agent-cluster": "?1",
  "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
  "referrer-policy": "same-origin",
  "strict-transport-security": "max-age=63072000; includeSubDomains",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "x-permitted-cross-domain-policies": "none",
};

/** Browsers must ignore it over plain HTTP, and servers must not send it there (RFC 6797 §7.2). */
const HTTPS_ONLY = "strict-transport-security";

const editsOf = (
  fields: readonly (readonly [string, string])[],
  options: SecurityHeadersOptions,
): HeaderEdits => {
  const pairs = fields.flat();
  return options.override
    ? { drop: new Set([...options.remove, ...fields.map(([name]) => name)]), fallback: [], add: pairs }
    : { drop: new Set(options.remove), fallback: pairs, add: [] };
};

/**
 * Compiles options to edits, a constant object for each scheme (the same one where they don't differ).
 *
 * Fields that the upstream set stay as they are unless `override`; fields in `remove` go in any case.
 * `Strict-Transport-Security` is among the edits for https alone.
 */
export const securityHeaderEdits = (options: SecurityHeadersOptions): SecurityHeaderEdits => {
  const preset = options.preset === "strict" ? STRICT : DEFAULT;
  const fields = Object.entries({ ...preset, ...options.headers }).filter(
    (field): field is [string, string] => field[1] !== false,
  );
  const https = editsOf(fields, options);
  const plain = fields.filter(([name]) => name !== HTTPS_ONLY);
  return { http: plain.length === fields.length ? https : editsOf(plain, options), https };
};
