/** The endpoint with the fewest attempts in flight. */
import type { Balancer } from "../core/balancer.ts";
import type { Member } from "../core/endpoint-state.ts";
import type { Random } from "../core/platform.ts";

/**
 * Picks the lowest attempts in flight / weight of all eligible endpoints; of equals one at random by weight. Looks at every
 * endpoint: prefer two choices where there are hundreds.
 */
export const leastInFlight = (random: Random): Balancer => ({
  pick({ members }, selection) {
    let best: Member | undefined;
    let least = Number.POSITIVE_INFINITY;
    let equalWeight = 0;
    for (const member of members) {
      if (!selection.isEligible(member)) continue;
      const weight = member.endpoint.weight * selection.warmthOf(member);
      const load = member.state.inFlight / weight;
      if (load > least) continue;
      if (load < least) {
        least = load;
        equalWeight = 0;
      }
      equalWeight += weight;
      if (equalWeight === weight || random.float() * equalWeight < weight) best = member;
    }
    return best;
  },
});
