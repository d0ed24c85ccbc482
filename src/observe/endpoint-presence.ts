/** Which endpoints are still there: series of those that have left would fill the limit in time. */
import type { AttributeValues } from "./instrument.ts";

/** An endpoint may come back, and its last counts must have been read. */
const KEPT_MS = 15 * 60_000;

export class EndpointPresence {
  readonly #seenAt: Map<string, number> = new Map();

  /** @param endpoint values of upstream, address and port. */
  seen(endpoint: AttributeValues, now: number): void {
    this.#seenAt.set(JSON.stringify(endpoint), now);
  }

  /** Endpoints that were last seen a quarter of an hour ago, each once, as `keyOf` makes them. */
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
