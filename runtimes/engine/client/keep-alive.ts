/** How long a connection without a request is kept. */
import type { EndpointPool } from "../../../src/core/endpoint.ts";
import type { FieldNotes } from "../../../src/http/field-notes.ts";

/** A request sent when the peer is about to close is lost; so this side closes first. */
const MARGIN_MS = 2_000;
/** Longest that a peer is believed. */
const MAX_MS = 60_000;

/** Milliseconds; 0 is not at all. What the peer announces counts more than the setting, which is for those that do not. */
export const idleLimitMs = ({ keepAliveMs }: EndpointPool, { keepAliveTimeout }: FieldNotes): number => {
  if (keepAliveTimeout === undefined || keepAliveMs === 0) return keepAliveMs;
  return Math.min(Math.max(keepAliveTimeout * 1_000 - MARGIN_MS, 0), MAX_MS);
};
