/** What an attempt's outcome says about its endpoint. */
import type { Outcome } from "./outcome.ts";

/**
 * `rate-limited` counts in failure rates, never as one of several consecutive failures. `neutral` says nothing about the endpoint:
 * the client left, or a faster copy won.
 */
export type Verdict = "success" | "failure" | "rate-limited" | "neutral";

/** Statuses by which a server says that it can't serve now. */
const UNAVAILABLE: ReadonlySet<number> = new Set([502, 503, 504]);

/**
 * Failures are errors that count against the endpoint (the table in `errors.ts`), at any phase, and 502, 503 and 504; 500 too
 * with `countsInternalError`. Other 4xx never.
 */
export const verdictOf = ({ error, status, ending }: Outcome, countsInternalError: boolean): Verdict => {
  if (status !== undefined) {
    if (UNAVAILABLE.has(status) || (countsInternalError && status === 500)) return "failure";
    if (status === 429) return "rate-limited";
  }
  if (error === undefined) return "success";
  if (ending === "superseded") return "neutral";
  return error.kind.countsAgainstEndpoint ? "failure" : "neutral";
};
