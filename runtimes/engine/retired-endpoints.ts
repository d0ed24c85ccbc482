/** Endpoints that a change of the config has left behind. */
import type { Plan } from "../../src/config/plan.ts";
import type { Endpoint } from "../../src/core/endpoint.ts";
import type { Cancel, Platform } from "../../src/core/platform.ts";
import type { EndpointRegistry } from "../../src/upstream/registry.ts";

/** Attempts in flight may take any time: looked at once a second. */
const LOOK_MS = 1_000;

export class RetiredEndpoints {
  readonly #platform: Pick<Platform, "clock" | "transport">;
  readonly #registry: EndpointRegistry;
  #cancelLook: Cancel | undefined;

  constructor(platform: Pick<Platform, "clock" | "transport">, registry: EndpointRegistry) {
    this.#platform = platform;
    this.#registry = registry;
  }

  /**
   * Closes connections that only `before` needs, as they fall idle, and forgets the states of its endpoints once nothing is in
   * flight at them. Those that discovery took away a short time ago are remembered, as without a change of the config.
   */
  retire(before: Plan, after: Plan): void {
    this.#platform.transport.retire?.(endpointsOf(before), endpointsOf(after));
    this.#forget(after);
  }

  stop(): void {
    this.#cancelLook?.();
  }

  #forget(plan: Plan): void {
    this.#cancelLook?.();
    const kept = new Set(
      [...plan.upstreams.values()].flatMap(({ endpoints, departed }) => [
        ...endpoints.map(({ key }) => key),
        ...departed,
      ]),
    );
    if (this.#registry.keepOnly(kept)) return;
    this.#cancelLook = this.#platform.clock.after(LOOK_MS, () => this.#forget(plan));
  }
}

const endpointsOf = ({ upstreams }: Plan): readonly Endpoint[] =>
  [...upstreams.values()].flatMap(({ endpoints }) => endpoints);
