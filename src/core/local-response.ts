/** Responses that the proxy makes itself for a route: redirects and fixed answers. */
import { type HeaderEdits, NO_EDITS, editPairs, mergeEdits, withoutNames } from "../http/header-edits.ts";
import { isContentless } from "../http/status.ts";
import type { Exchange } from "./exchange.ts";

export interface LocalResponse {
  readonly status: number;
  /** Own header fields: lower-case name, value, …; each name once. Middleware's give way to them. */
  readonly fields: readonly string[];
  readonly body: string | null;
  /** The route's edits; they have the last word. */
  readonly edits: HeaderEdits;
}

const encoder = new TextEncoder();

/**
 * The response with middleware's edits applied, then its own fields, then the route's edits. It tells its length itself, so that an answer to
 * HEAD tells the same (RFC 9110 §9.3.2).
 */
export const localResponse = (
  exchange: Exchange,
  { status, fields, body, edits }: LocalResponse,
): Response => {
  const named = new Set(fields.filter((_, index) => index % 2 === 0));
  const route = mergeEdits({ drop: named, fallback: [], add: fields }, edits);
  const all = mergeEdits(exchange.responseEdits.reduce(mergeEdits, NO_EDITS), route);
  const pairs = [...editPairs([], all), ...withoutNames(exchange.responseFields, route.drop)];
  const headers = new Headers();
  for (let i = 0; i < pairs.length; i += 2) headers.append(pairs[i] ?? "", pairs[i + 1] ?? "");
  if (isContentless(status)) return new Response(null, { status, headers });
  const bytes = encoder.encode(body ?? "");
  headers.set("content-length", String(bytes.length));
  return new Response(body === null ? null : bytes, { status, headers });
};
