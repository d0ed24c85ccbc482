/** The right to use an endpoint for one attempt. */
import type { Endpoint } from "./endpoint.ts";
import type { Outcome } from "./outcome.ts";

/** Taken before an attempt; settled exactly once, with the attempt's outcome, when its body has ended. */
export interface Lease {
  readonly endpoint: Endpoint;
  /**
   * The endpoint has switched protocols at `now`. That is its success: a tunnel may last for days, and how it ends says
   * nothing about the endpoint. Load counts until `settle`.
   */
  switched(now: number): void;
  settle(outcome: Outcome): void;
}
