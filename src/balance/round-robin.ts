/** Smooth weighted round robin. */
import type { Balancer, Eligible } from "../core/balancer.ts";
import type { Endpoint } from "../core/endpoint.ts";

/**
 * Interleaves endpoints in proportion to their weights: over any `sum of weights` consecutive picks from an
 * unchanged list each endpoint comes up exactly `weight` times, and heavy ones are spread out instead of
 * bunched (weights 5, 1, 1 give a a b a c a a).
 *
 * Every pick raises each endpoint's credit by its weight, takes the highest (first in the list on a tie) and
 * lowers that one by the total. Credits are kept by `Endpoint.key`, so they survive a new list of the same
 * endpoints. Weight 0 is never picked while another endpoint has weight; a list of zeros is used evenly.
 */
export const roundRobin = (): Balancer => {
  const credits = new Map<string, number>();
  return {
    pick(eligible: Eligible): Endpoint {
      const [first] = eligible;
      if (eligible.length === 1) return first;
      const idle = eligible.every((endpoint) => endpoint.weight === 0);
      let best = first;
      let bestCredit = Number.NEGATIVE_INFINITY;
      let total = 0;
      for (const endpoint of eligible) {
        const weight = idle ? 1 : endpoint.weight;
        if (weight === 0) continue;
        total += weight;
        const credit = (credits.get(endpoint.key) ?? 0) + weight;
        credits.set(endpoint.key, credit);
        if (credit > bestCredit) {
          best = endpoint;
          bestCredit = credit;
        }
      }
      credits.set(best.key, bestCredit - total);
      return best;
    },
  };
};
