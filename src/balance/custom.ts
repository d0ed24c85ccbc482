/** A policy that the library's user passes in. */
import type { Balancer, Selection } from "../core/balancer.ts";
import type { Endpoint } from "../core/endpoint.ts";
import type { EndpointSet, Member } from "../core/endpoint-state.ts";
import type { Exchange } from "../core/exchange.ts";

/** An endpoint as a custom policy sees it. */
export interface Candidate {
  readonly endpoint: Endpoint;
  /** Attempts whose bodies have not ended. */
  readonly inFlight: number;
}

/**
 * Chooses one of `candidates`, all of which may be tried. Undefined, and anything that is not one of them, leaves the choice to the
 * default policy.
 */
export type ChooseEndpoint = (candidates: readonly Candidate[], exchange: Exchange) => Candidate | undefined;

/** @param otherwise chooses where `choose` does not. */
export const customBalancer = (choose: ChooseEndpoint, otherwise: Balancer): Balancer => ({
  pick(set: EndpointSet, selection: Selection): Member | undefined {
    const eligible = set.members.filter((member) => selection.isEligible(member));
    const candidates: readonly Candidate[] = eligible.map(({ endpoint, state }) => ({
      endpoint,
      inFlight: state.inFlight,
    }));
    const chosen = candidates.length === 0 ? undefined : choose(candidates, selection.exchange);
    const member = chosen === undefined ? undefined : eligible[candidates.indexOf(chosen)];
    return member ?? otherwise.pick(set, selection);
  },
});
