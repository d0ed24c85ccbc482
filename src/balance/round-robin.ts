/** Smooth weighted round robin. */
import type { Balancer } from "../core/balancer.ts";
import type { Endpoint } from "../core/endpoint.ts";

/**
 * Interleaves endpoints in proportion to their weights: over any `sum of weights` consecutive picks from an
 * unchanged list each endpoint comes up exactly `weight` times, and heavy ones are spread out instead of
 * bunched (weights 5, 1, 1 give a a b a c a a).
 *
 * Every pick raises each eligible endpoint's credit by its weight, takes the highest (first in the list on a tie) and
 * lowers that one by the total. Credits are kept by `Endpoint.key`, so they survive a new set of the same
 * endpoints. Weight 0 is never picked.
 */
export const roundRobin = (): Balancer => {
  const credits = new Map<string, number>();
  return {
    pick({ endpoints }, isEligible) {
      const [only] = endpoints;
      if (endpoints.length === 1 && only !== undefined) {
        return only.weight > 0 && isEligible(only) ? only : undefined;
      }
      let best: Endpoint | undefined;
      let bestCredit = Number.NEGATIVE_INFINITY;
      let total = 0;
      for (const endpoint of endpoints) {
        const { weight } = endpoint;
        if (weight === 0 || !isEligible(endpoint)) continue;
        total += weight;
        const credit = (credits.get(endpoint.key) ?? 0) + weight;
        credits.set(endpoint.key, credit);
        if (credit > bestCredit) {
          best = endpoint;
          bestCredit = credit;
        }
      }
      if (best !== undefined) credits.set(best.key, bestCredit - total);
      return best;
    },
  };
};
