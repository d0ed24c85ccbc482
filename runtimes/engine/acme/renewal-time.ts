/** When a certificate is renewed, and when a failed attempt is repeated. All times are milliseconds since 1970. */
import { jittered } from "../../../src/core/jitter.ts";
import type { Random } from "../../../src/core/platform.ts";

/** When a certificate is valid, by the authority's clock, and when it was obtained, by this machine's. */
export interface Validity {
  readonly from: number;
  readonly to: number;
  readonly obtained: number;
}

/** Share of its lifetime after which a certificate is renewed. */
const RENEW_AFTER = 2 / 3;
/** Of its lifetime: so much earlier a renewal may be, so that not all are due at once. */
const SPREAD = 0.02;

/**
 * Without word from the authority.
 *
 * @param fraction drawn once for each certificate, in [0, 1).
 */
export const renewalTime = (validity: Validity, now: number, fraction: number): number =>
  startOf(validity, now) + (validity.to - validity.from) * (RENEW_AFTER - SPREAD * fraction);

/**
 * What a lifetime is counted from: its own begin, unless this machine's clock was wrong when the certificate was obtained. Then
 * it is that time, as otherwise each new certificate would be due at once, or none ever; unless the clock was set right since.
 */
const startOf = (validity: Validity, now: number): number =>
  isClockWrong(validity) && validity.obtained <= now ? validity.obtained : validity.from;

const TOLERANCE_MS = 300_000;

/** Whether this machine's clock and the authority's differ by so much that a new certificate looks old, or not valid yet. */
export const isClockWrong = ({ from, to, obtained }: Validity): boolean =>
  obtained < from - TOLERANCE_MS || obtained > from + (to - from) / 2;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/**
 * 1, 4, 16 and 64 minutes: four attempts in the first hour, where Let's Encrypt allows five failed ones a name. A factor of two
 * would use them up in half an hour.
 */
const FACTOR = 4;
const SHARE = 0.2;
/** Of the time that a certificate has left. */
const MOST_OF_REST = 1 / 4;
const SHORTEST_MS = 1_000;

export interface FailedAttempts {
  /** In a row, at least 1. */
  readonly failures: number;
  /** Time that the certificate in use is valid for yet; undefined without one. */
  readonly restMs: number | undefined;
  /** What the authority asked for. */
  readonly retryAfterMs: number | undefined;
}

/**
 * Time until the next attempt: a minute at first, a day at most, and less where a certificate has little left. Never less than
 * the authority asked for.
 */
export const retryPause = (
  { failures, restMs, retryAfterMs = 0 }: FailedAttempts,
  random: Random,
): number => {
  const grown = Math.min(MINUTE_MS * FACTOR ** Math.min(failures - 1, 10), DAY_MS);
  const rest = restMs === undefined || restMs <= 0 ? Number.POSITIVE_INFINITY : restMs * MOST_OF_REST;
  return Math.max(retryAfterMs, SHORTEST_MS, jittered(Math.min(grown, rest), SHARE, random));
};
