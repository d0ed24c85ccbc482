/** What is known of an endpoint while the process runs, whatever plan names it. */
import type { Endpoint } from "./endpoint.ts";

export interface EndpointState {
  /** Attempts whose bodies have not ended. */
  inFlight: number;
}

/** Endpoints that a balancer chooses from. A changed set has another version. */
export interface EndpointSet {
  readonly version: number;
  readonly endpoints: readonly Endpoint[];
}
