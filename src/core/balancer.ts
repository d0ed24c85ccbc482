/** The port of load balancing policies. */
import type { Endpoint } from "./endpoint.ts";
import type { Exchange } from "./exchange.ts";

/** At least one endpoint. */
export type Eligible = readonly [Endpoint, ...Endpoint[]];

/**
 * Chooses who gets the next attempt. Knows nothing of health: whoever calls passes only endpoints that may be
 * tried. MUST return one of `eligible`; MUST NOT do I/O.
 */
export interface Balancer {
  pick(eligible: Eligible, exchange: Exchange): Endpoint;
}
