/** When endpoints were last seen. The series of those that left are dropped: in time they would use up `maxSeries`. */
import type { AttributeValues } from "./instrument.ts";

/** Long enough for an endpoint to come back, and for its last counts to be read. */
const KEPT_MS = 15 * 60_000;

export class EndpointPresence {
  readonly #seenAt: Map<string, number> = new Map();

  /** @param endpoint values of upstream, address and port. */
  seen(endpoint: AttributeValues, now: number): void {
    this.#seenAt.set(JSON.stringify(endpoint), now);
  }

  /** Removes and returns the endpoints that were last seen a quarter of an hour ago, as JSON of their three values. */
  takeGone(now: number): ReadonlySet<string> {
    const gone = new Set<string>();
    for (const [endpoint, at] of this.#seenAt) {
      if (now - at < KEPT_MS) continue;
      gone.add(endpoint);
      this.#seenAt.delete(endpoint);
    }
    return gone;
  }
}
