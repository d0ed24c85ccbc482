/** Response headers that make browsers stricter. */
import type { MiddlewareHandler } from "hono";
import { securityHeaders as schema } from "../src/config/schema/edge.ts";
import type { Arrival } from "../src/core/arrival.ts";
import { joinedValue } from "../src/http/headers.ts";
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
  /** Whether the peer with this address is a trusted proxy, whose `X-Forwarded-Proto` is believed. @default nobody is */
  readonly trustedPeer?: ((address: string) => boolean) | undefined;
}

/** The client's scheme: this connection's, or https where a trusted proxy in front says so. */
const isSecure = (arrival: Arrival, trustedPeer: (address: string) => boolean): boolean => {
  if (arrival.head.scheme === "https") return true;
  if (!trustedPeer(arrival.peer.address)) return false;
  return joinedValue(arrival.head.pairs, "x-forwarded-proto")?.toLowerCase().endsWith("https") === true;
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
  const { trustedPeer = () => false, ...section } =
    typeof options === "string" ? { preset: options } : options;
  const read = readOptions("securityHeaders", schema, section);
  if (read === false) throw new TypeError("securityHeaders: expected a preset or an object, found false");
  const edits = securityHeaderEdits(read);
  return async (c, next) => {
    const secure = edits.http !== edits.https && isSecure(arrivalOf(c), trustedPeer);
    const wanted = secure ? edits.https : edits.http;
    requestResponseEdits(c, wanted);
    await next();
    editResponse(c, wanted);
  };
};
