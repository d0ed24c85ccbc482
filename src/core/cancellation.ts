/**
 * A one-shot "stop now" with a reason.
 *
 * Says what `AbortSignal` says at a fraction of its price: nothing is allocated until somebody listens,
 * which on the way of an ordinary request is the transport alone.
 */
import type { ProxyError } from "./errors.ts";
import type { Cancel } from "./platform.ts";

export interface Cancellation {
  /** Why, once cancelled. */
  readonly reason: ProxyError | undefined;
  /** Calls `listener` once, at cancellation; at once if that already happened. */
  subscribe(listener: (reason: ProxyError) => void): Cancel;
}

const nothing: Cancel = () => {};

/** Never fires. */
export const NEVER_CANCELLED: Cancellation = Object.freeze({
  reason: undefined,
  subscribe: () => nothing,
});

/** A cancellation with its trigger. */
export class CancellationSource implements Cancellation {
  #reason: ProxyError | undefined;
  #listeners: Set<(reason: ProxyError) => void> | undefined;

  get reason(): ProxyError | undefined {
    return this.#reason;
  }

  subscribe(listener: (reason: ProxyError) => void): Cancel {
    if (this.#reason !== undefined) {
      listener(this.#reason);
      return nothing;
    }
    const listeners = (this.#listeners ??= new Set());
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  /** Fires. Only the first call counts. */
  cancel(reason: ProxyError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    const listeners = [...(this.#listeners ?? [])];
    this.#listeners?.clear();
    for (const listener of listeners) listener(reason);
  }
}
