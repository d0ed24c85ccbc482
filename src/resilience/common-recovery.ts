/** Brings the endpoints of an upstream back together when an outage that most of them shared is over. */
import type { EndpointSet } from "../core/endpoint-state.ts";

/**
 * Open times differ from endpoint to endpoint. After an outage of all, the first endpoint to come back would get the load of all,
 * fail under it and be shut out for longer, and so would the next one, for minutes. So when a breaker closes while most of the
 * others still exclude their endpoints, the cause was probably common: these are probed early too.
 */
export class CommonRecovery {
  #isDue = false;

  /** A breaker of the upstream has closed. */
  closed(): void {
    this.#isDue = true;
  }

  /** Called before each pick. */
  watch({ members }: EndpointSet, now: number): void {
    if (!this.#isDue) return;
    this.#isDue = false;
    const usable = members.filter(({ endpoint }) => endpoint.weight > 0);
    const excluded = usable.filter(({ state }) => state.breaker?.admits(now) === false);
    if (2 * excluded.length <= usable.length) return;
    for (const { state } of excluded) state.breaker?.siblingRecovered(now);
  }
}
