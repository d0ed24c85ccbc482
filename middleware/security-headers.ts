/** Response headers that make browsers stricter. */
import type { MiddlewareHandler } from "hono";
import { securityHeaders as schema } from "../src/config/schema/edge.ts";
import type { Arrival } from "../src/core/arrival.ts";
import type { HeaderEdits } from "../src/http/header-edits.ts";
import { resolveClient } from "../src/http/forwarded.ts";
import { securityHeaderEdits } from "../src/http/security-headers.ts";
import { arrivalOf, requestResponseEdits } from "./context.ts";
import { editResponse } from "./edit-response.ts";
import { readOptions } from "./options.ts";

export interface SecurityHeadersMiddlewareOptions {
  /** `"default"` breaks no page; `"strict"` is for sites made for it. @default "default" */
  readonly preset?: "default" | "strict" | undefined;
  /** Values instead of the preset's; false leaves a header out. */
  readonly headers?: Readonly<Record<string, string | false>> | undefined;
  /** Replace what the handler or upstream set. @default false */
  readonly override?: boolean | undefined;
  /** Response headers that are taken out. @default ["server", "x-powered-by"] */
  readonly remove?: readonly string[] | undefined;
  /** Whether the peer with this address is a trusted proxy, whose forwarding headers are believed. @default nobody is */
  readonly trustedPeer?: ((address: string) => boolean) | undefined;
}

type TrustedPeer = (address: string) => boolean;

/** By the client's scheme: this connection's, or the one that trusted proxies in front tell. */
const isSecure = ({ head, peer }: Arrival, trustedPeer: TrustedPeer): boolean =>
  head.scheme === "https" ||
  resolveClient(head.pairs, peer.address, head.scheme, "", { any: true, has: trustedPeer }).scheme ===
    "https";

/** Which headers a response gets. */
export interface SecurityHeadersPolicy {
  readonly edits: { readonly http: HeaderEdits; readonly https: HeaderEdits };
  /** Whether `edits.https` is the one to use. */
  isSecure(arrival: Arrival): boolean;
}

/** @throws TypeError naming the option that is wrong. */
export const securityHeadersPolicy = (options: SecurityHeadersMiddlewareOptions): SecurityHeadersPolicy => {
  const { trustedPeer = () => false, ...section } = options;
  const read = readOptions("securityHeaders", schema, section);
  if (read === false) throw new TypeError("securityHeaders: expected a preset or an object, found false");
  const edits = securityHeaderEdits(read);
  const alike = edits.http === edits.https;
  return { edits, isSecure: (arrival) => !alike && isSecure(arrival, trustedPeer) };
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
  const policy = securityHeadersPolicy(typeof options === "string" ? { preset: options } : options);
  return async (c, next) => {
    const wanted = policy.isSecure(arrivalOf(c)) ? policy.edits.https : policy.edits.http;
    requestResponseEdits(c, wanted);
    await next();
    editResponse(c, wanted);
  };
};
