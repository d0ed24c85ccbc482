/** Where the state of endpoints lives: outside of plans, so that a new plan finds it again. */
import type { EndpointState } from "../core/endpoint-state.ts";
import { INITIAL_LATENCY_MS } from "../core/latency.ts";

export interface EndpointRegistry {
  /** The state of the endpoint with this key; the same object for as long as it is used. */
  stateOf(key: string): EndpointState;
  /**
   * What an upstream's layers share between plans (a retry budget, say): made by `create` at the first call, and anew where
   * `settings` are others than before.
   */
  shared<T>(name: string, settings: unknown, create: () => T): T;
  /** Forgets what is known of an endpoint that is no longer used. @returns false while it has attempts in flight */
  forget(key: string): boolean;
  /** What `shared` gave last under this name, if anything. */
  find(name: string): unknown;
}

export const newEndpointState = (key: string): EndpointState => ({
  key,
  inFlight: 0,
  latencyMs: INITIAL_LATENCY_MS,
  latencyAt: Number.NEGATIVE_INFINITY,
  warmingSince: Number.NEGATIVE_INFINITY,
  breaker: undefined,
  health: undefined,
  ejection: undefined,
  byHand: undefined,
});

interface SharedEntry {
  readonly settings: string;
  readonly value: unknown;
}

export const createEndpointRegistry = (): EndpointRegistry => {
  const states = new Map<string, EndpointState>();
  const shared = new Map<string, SharedEntry>();
  return {
    stateOf(key) {
      let state = states.get(key);
      if (state === undefined) {
        state = newEndpointState(key);
        states.set(key, state);
      }
      return state;
    },
    shared<T>(name: string, settings: unknown, create: () => T): T {
      const text = JSON.stringify(settings) ?? "";
      const known = shared.get(name);
      if (known !== undefined && known.settings === text) return known.value as T;
      const value = create();
      shared.set(name, { settings: text, value });
      return value;
    },
    forget(key) {
      if ((states.get(key)?.inFlight ?? 0) > 0) return false;
      states.delete(key);
      return true;
    },
    find: (name) => shared.get(name)?.value,
  };
};
