/** Weighted random choice. */
import type { Balancer, Eligible } from "../core/balancer.ts";
import type { Endpoint } from "../core/endpoint.ts";
import type { Random } from "../core/platform.ts";

/**
 * Picks each endpoint with probability weight / sum of weights, independently of earlier picks. Weight 0 is
 * never picked while another endpoint has weight; a list of zeros is used evenly.
 */
export const weightedRandom = (random: Random): Balancer => ({
  pick(eligible: Eligible): Endpoint {
    const [first] = eligible;
    if (eligible.length === 1) return first;
    let total = 0;
    for (const endpoint of eligible) total += endpoint.weight;
    if (total === 0) return eligible[random.below(eligible.length)] ?? first;
    let left = random.float() * total;
    let last = first;
    for (const endpoint of eligible) {
      if (endpoint.weight === 0) continue;
      last = endpoint;
      left -= endpoint.weight;
      if (left < 0) return endpoint;
    }
    // Rounding may leave a crumb; it belongs to the last endpoint that has weight.
    return last;
  },
});
