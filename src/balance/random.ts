/** Weighted random choice. */
import type { Balancer } from "../core/balancer.ts";
import type { Endpoint } from "../core/endpoint.ts";
import type { Random } from "../core/platform.ts";

/**
 * Picks each eligible endpoint with probability weight / sum of their weights, independently of earlier picks. Weight 0
 * is never picked.
 */
export const weightedRandom = (random: Random): Balancer => ({
  pick({ endpoints }, isEligible) {
    let total = 0;
    for (const endpoint of endpoints) if (isEligible(endpoint)) total += endpoint.weight;
    if (total === 0) return undefined;
    let left = random.float() * total;
    let last: Endpoint | undefined;
    for (const endpoint of endpoints) {
      if (endpoint.weight === 0 || !isEligible(endpoint)) continue;
      last = endpoint;
      left -= endpoint.weight;
      if (left < 0) return endpoint;
    }
    // Rounding may leave a remainder; it belongs to the last endpoint that has weight.
    return last;
  },
});
