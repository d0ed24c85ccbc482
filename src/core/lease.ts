/** The right to use an endpoint for one attempt. */
import type { Endpoint } from "./endpoint.ts";
import type { Outcome } from "./outcome.ts";

/** Taken before an attempt; settled exactly once, with the attempt's outcome, when its body has ended. */
export interface Lease {
  readonly endpoint: Endpoint;
  settle(outcome: Outcome): void;
}
