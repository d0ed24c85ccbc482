/** Response headers that make browsers stricter. */
import type { MiddlewareHandler } from "hono";
import type { GetConnInfo } from "hono/conninfo";
import { securityHeadersObject as schema } from "../src/config/settings/edge.ts";
import type { SecurityHeadersConfig, SecurityHeadersInput } from "../src/config/types.ts";
import type { HeaderEdits } from "../src/http/header-edits.ts";
import { resolveClient } from "../src/http/forwarded.ts";
import { securityHeaderEdits } from "../src/http/security-headers.ts";
import { type Visit, visitOf } from "./arrivals.ts";
import { wantEdits } from "./context.ts";
import { editResponse } from "./edit-response.ts";
import { readOptions, requireConnInfo } from "./options.ts";

type TrustedPeer = (address: string) => boolean;

export interface SecurityHeadersMiddlewareOptions extends SecurityHeadersInput {
  /** Whether the peer with this address is a trusted proxy, whose forwarding headers are believed. Needs `getConnInfo`. @default nobody is */
  readonly trustedPeer?: TrustedPeer | undefined;
  /**
   * Tells a connection's other end: the function of this name in Hono's adapter for your runtime
   * (`hono/bun`, `hono/deno`, `hono/cloudflare-workers`, `@hono/node-server/conninfo`).
   */
  readonly getConnInfo?: GetConnInfo | undefined;
}

/** By the client's scheme: this connection's, or the one that trusted proxies in front tell. */
const isSecure = ({ head, peer }: Visit, trustedPeer: TrustedPeer | undefined): boolean => {
  if (head.scheme === "https") return true;
  if (trustedPeer === undefined) return false;
  const trusted = { any: true, has: trustedPeer };
  return resolveClient(head.pairs, peer.address, head.scheme, "", trusted).scheme === "https";
};

/** Which headers a response gets. */
export interface SecurityHeadersPolicy {
  readonly edits: { readonly http: HeaderEdits; readonly https: HeaderEdits };
  /** Whether `edits.https` is the one to use. */
  isSecure(visit: Visit): boolean;
}

export const securityHeadersPolicy = (
  config: SecurityHeadersConfig,
  trustedPeer: TrustedPeer | undefined,
): SecurityHeadersPolicy => {
  const edits = securityHeaderEdits(config);
  const alike = edits.http === edits.https;
  return { edits, isSecure: (visit) => !alike && isSecure(visit, trustedPeer) };
};

/**
 * Adds security headers where they are absent, and takes out those that tell what runs here. What the
 * handler or upstream set is kept unless `override`. `Strict-Transport-Security` goes to https clients only.
 *
 * @throws TypeError naming the option that is wrong.
 */
export const securityHeaders = (
  options: "default" | "strict" | SecurityHeadersMiddlewareOptions = "default",
): MiddlewareHandler => {
  const long = typeof options === "string" ? { preset: options } : options;
  const read = readOptions("securityHeaders", long, schema, ["trustedPeer", "getConnInfo"]);
  requireConnInfo("securityHeaders", read);
  const { trustedPeer, getConnInfo, ...config } = read;
  const policy = securityHeadersPolicy(config, trustedPeer);
  return async (c, next) => {
    const { http, https } = policy.edits;
    const wanted = { edits: policy.isSecure(visitOf(c, getConnInfo)) ? https : http, fields: [] };
    wantEdits(c, wanted);
    await next();
    editResponse(c, wanted);
  };
};
