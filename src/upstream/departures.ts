/** Endpoints that have left an upstream, whose states are kept for a while. */
import type { Endpoint } from "../core/endpoint.ts";
import type { EndpointRegistry } from "./registry.ts";

/** An endpoint that comes back within this time is the one it was: circuit breaker, ejection, latency. */
const REMEMBERED_MS = 600_000;

/** Bounds what is known by the endpoints that come and go within ten minutes. */
export class Departures {
  readonly #registry: EndpointRegistry;
  /** When each one left, by key. */
  readonly #left: Map<string, number>;

  constructor(upstream: string, registry: EndpointRegistry) {
    this.#registry = registry;
    this.#left = registry.shared(`${upstream} departures`, undefined, () => new Map<string, number>());
  }

  /** `before` was replaced by `now`; forgets those that left long ago. */
  note(before: readonly Endpoint[], after: readonly Endpoint[], now: number): void {
    for (const { key } of before) this.#left.set(key, now);
    for (const { key } of after) this.#left.delete(key);
    for (const [key, at] of this.#left) {
      if (now - at >= REMEMBERED_MS && this.#registry.forget(key)) this.#left.delete(key);
    }
  }
}
