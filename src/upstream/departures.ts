/** Endpoints that have left an upstream, whose states are kept for a while. */
import type { Endpoint } from "../core/endpoint.ts";
import type { RegistryDraft } from "./registry.ts";

/** An endpoint that comes back within this time keeps its circuit breaker, ejection and latency. */
const REMEMBERED_MS = 600_000;

/** Bounds memory: only states of endpoints that left within the last ten minutes are kept. */
export class Departures {
  readonly #registry: Pick<RegistryDraft, "forget">;
  /** When each one left, by key. */
  readonly #left: Map<string, number>;

  constructor(upstream: string, registry: Pick<RegistryDraft, "forget" | "shared">) {
    this.#registry = registry;
    this.#left = registry.shared(`${upstream} departures`, undefined, () => new Map<string, number>());
  }

  /** Keys of those that are still remembered. */
  get keys(): Iterable<string> {
    return this.#left.keys();
  }

  /** Called when `before` is replaced by `after`. Forgets the endpoints that left long ago. */
  note(before: readonly Endpoint[], after: readonly Endpoint[], now: number): void {
    for (const { key } of before) this.#left.set(key, now);
    for (const { key } of after) this.#left.delete(key);
    for (const [key, at] of this.#left) {
      if (now - at >= REMEMBERED_MS && this.#registry.forget(key)) this.#left.delete(key);
    }
  }
}
