/** Response headers that make browsers stricter. */
import type { Context, MiddlewareHandler } from "hono";
import { securityHeadersObject as schema } from "../src/config/settings/edge.ts";
import type { SecurityHeadersInput } from "../src/config/types.ts";
import { resolveClient } from "../src/http/forwarded.ts";
import { editHeaders } from "../src/http/header-edits.ts";
import { securityHeaderEdits } from "../src/http/security-headers.ts";
import { type TrustOptions, arrivalOf, claimSecurityHeaders, peerOf } from "./context.ts";
import { editAfterwards } from "./edit-response.ts";
import { readOptions } from "./options.ts";

export interface SecurityHeadersMiddlewareOptions extends SecurityHeadersInput, TrustOptions {}

/** By the client's scheme: this connection's, or the one that trusted proxies in front tell. */
const isSecure = (c: Context, { trustedPeer, getConnInfo }: TrustOptions): boolean => {
  const { scheme, fields } = arrivalOf(c);
  if (scheme === "https") return true;
  if (trustedPeer === undefined || getConnInfo === undefined) return false;
  const includes = ({ address }: { readonly address: string }): boolean => trustedPeer(address);
  const trusted = { any: true, has: trustedPeer, includes };
  return resolveClient(fields, peerOf(c, getConnInfo), scheme, "", trusted).scheme === "https";
};

/**
 * Adds security headers where they are absent, and takes out those that tell what runs here. What the
 * handler or upstream set is kept unless `override`. `Strict-Transport-Security` goes to https clients only.
 *
 * A gateway behind this leaves its own `securityHeaders` out: what clients get is decided here.
 *
 * @throws TypeError naming the option that is wrong.
 */
export const securityHeaders = (
  options: "default" | "strict" | SecurityHeadersMiddlewareOptions = "default",
): MiddlewareHandler => {
  const long = typeof options === "string" ? { preset: options } : options;
  const read = readOptions("securityHeaders", long, schema, ["trustedPeer", "getConnInfo"]);
  const { http, https } = securityHeaderEdits(read);
  return async (c, next) => {
    claimSecurityHeaders(c);
    const edits = http !== https && isSecure(c, read) ? https : http;
    await editAfterwards(c, next, (headers) => editHeaders(headers, edits));
  };
};
