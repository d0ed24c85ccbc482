/** The port of load balancing policies. */
import type { EndpointSet, Member } from "./endpoint-state.ts";
import type { Exchange } from "./exchange.ts";

/**
 * Chooses the endpoint of the next attempt. Knows nothing of health: the selection says which members may be tried.
 *
 * MUST return an eligible member of `set` with a weight above 0, or undefined where there is none. MUST NOT do I/O. Builds its
 * tables only when the set is another one, and draws and rejects instead of filtering.
 */
export interface Balancer {
  pick(set: EndpointSet, selection: Selection): Member | undefined;
}

/** What a balancer is asked. Reused from pick to pick: valid during the call only. */
export interface Selection {
  readonly exchange: Exchange;
  /** In the clock's milliseconds. */
  readonly now: number;
  /** An earlier attempt of the same exchange failed: shared counters MUST NOT advance a second time. */
  readonly isFailOver: boolean;
  /** Load of the whole upstream: attempts whose bodies have not ended. */
  readonly inFlight: number;
  /** Never true where the endpoint's weight is 0. */
  isEligible(member: Member): boolean;
  /**
   * How much of its configured weight a member takes now: above 0 and at most 1, which it reaches at the end of its slow
   * start.
   */
  warmthOf(member: Member): number;
}
