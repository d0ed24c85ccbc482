/** The port of load balancing policies. */
import type { Endpoint } from "./endpoint.ts";
import type { EndpointSet } from "./endpoint-state.ts";
import type { Exchange } from "./exchange.ts";

/**
 * Chooses the endpoint of the next attempt. Knows nothing of health: `isEligible` tells which endpoints may be tried.
 *
 * MUST return an eligible endpoint of `set`, or undefined where there is none. MUST NOT do I/O. Tables are built anew only
 * when the set's version changes.
 */
export interface Balancer {
  pick(
    set: EndpointSet,
    isEligible: (endpoint: Endpoint) => boolean,
    exchange: Exchange,
  ): Endpoint | undefined;
}
