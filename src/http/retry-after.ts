/** `Retry-After` (RFC 9110 §10.2.3). */
import type { HeaderPairs } from "./header-edits.ts";
import { firstValue } from "./headers.ts";

/**
 * Milliseconds that a response asks to wait; undefined where it does not ask, or not in a way that can be read. A date in the
 * past is 0.
 *
 * @param epochMs The current wall time, for values that are dates.
 */
export const retryAfterMs = (fields: HeaderPairs, epochMs: number): number | undefined => {
  const value = firstValue(fields, "retry-after")?.trim();
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  const at = /^[A-Z][a-z]{2,8},? /.test(value) ? Date.parse(inGreenwich(value)) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - epochMs);
};

/** The oldest of the three forms (asctime) names no zone. */
const inGreenwich = (date: string): string => (date.endsWith(" GMT") ? date : `${date} GMT`);
