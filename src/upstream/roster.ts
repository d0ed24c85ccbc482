/** Notices which endpoints of an upstream begin to get traffic. */
import type { EndpointSet } from "../core/endpoint-state.ts";

/** Lasts from one plan to the next, so that a new plan can be compared with the one before it. */
export class Roster {
  /** Of the set that is in effect, by key. */
  #weights: ReadonlyMap<string, number> = new Map();

  /**
   * Called with each set that comes into effect, at `now`. Endpoints that join, or that had weight 0, begin their slow start. The
   * first ones of an upstream do not: they are all new, and a slow start would not protect any of them.
   */
  enter({ members }: EndpointSet, now: number): void {
    const before = this.#weights;
    this.#weights = new Map(members.map(({ endpoint }) => [endpoint.key, endpoint.weight]));
    if (before.size === 0) return;
    for (const { endpoint, state } of members) {
      if (endpoint.weight > 0 && (before.get(endpoint.key) ?? 0) === 0) state.warmingSince = now;
    }
  }
}
