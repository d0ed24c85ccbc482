/** Where the state of endpoints lives: outside of plans, so that a new plan finds it again. */
import type { EndpointState } from "../core/endpoint-state.ts";

export interface EndpointRegistry {
  /** The state of the endpoint with this key; the same object for as long as the registry lives. */
  stateOf(key: string): EndpointState;
}

export const createEndpointRegistry = (): EndpointRegistry => {
  const states = new Map<string, EndpointState>();
  return {
    stateOf(key) {
      let state = states.get(key);
      if (state === undefined) {
        state = { inFlight: 0 };
        states.set(key, state);
      }
      return state;
    },
  };
};
