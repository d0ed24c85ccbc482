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
  /** Forgets all endpoints but those with these keys. @returns whether none is left because of attempts in flight */
  keepOnly(keys: ReadonlySet<string>): boolean;
  /** What `shared` gave last under this name, if anything. */
  find(name: string): unknown;
  /** For a plan that is not in effect yet. */
  draft(): RegistryDraft;
}

/**
 * The same states and shared values. What is made anew before `takeEffect` changes nothing for others; states are asked for once
 * more then.
 */
export interface RegistryDraft extends Pick<EndpointRegistry, "stateOf" | "shared" | "forget"> {
  /** Puts the values that the draft was asked for in place of all values before. */
  takeEffect(): void;
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

export const createEndpointRegistry = (): EndpointRegistry => new Registry();

class Registry implements EndpointRegistry {
  readonly #states: Map<string, EndpointState> = new Map();
  #shared: Map<string, SharedEntry> = new Map();

  stateOf(key: string): EndpointState {
    let state = this.#states.get(key);
    if (state === undefined) {
      state = newEndpointState(key);
      this.#states.set(key, state);
    }
    return state;
  }

  shared<T>(name: string, settings: unknown, create: () => T): T {
    const entry = this.#entryFor(name, settings, create);
    this.#shared.set(name, entry);
    return entry.value as T;
  }

  forget(key: string): boolean {
    if ((this.#states.get(key)?.inFlight ?? 0) > 0) return false;
    this.#states.delete(key);
    return true;
  }

  keepOnly(keys: ReadonlySet<string>): boolean {
    let isDone = true;
    for (const key of this.#states.keys()) if (!keys.has(key) && !this.forget(key)) isDone = false;
    return isDone;
  }

  find(name: string): unknown {
    return this.#shared.get(name)?.value;
  }

  draft(): RegistryDraft {
    const asked = new Map<string, SharedEntry>();
    let isInEffect = false;
    return {
      stateOf: (key) => (isInEffect ? this.stateOf(key) : (this.#states.get(key) ?? newEndpointState(key))),
      forget: (key) => this.forget(key),
      shared: <T>(name: string, settings: unknown, create: () => T): T => {
        const entry = asked.get(name) ?? this.#entryFor(name, settings, create);
        asked.set(name, entry);
        return entry.value as T;
      },
      takeEffect: () => {
        isInEffect = true;
        this.#shared = asked;
      },
    };
  }

  #entryFor(name: string, settings: unknown, create: () => unknown): SharedEntry {
    const text = JSON.stringify(settings) ?? "";
    const known = this.#shared.get(name);
    return known !== undefined && known.settings === text ? known : { settings: text, value: create() };
  }
}
