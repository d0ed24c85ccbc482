/**
 * A one-shot "stop now" with a reason.
 *
 * What `AbortSignal` offers at a fraction of its cost: nothing is allocated until there is a listener, and the first one,
 * which for an ordinary request is the transport's, needs no collection.
 */
import type { ProxyError } from "./errors.ts";
import type { Cancel } from "./platform.ts";

export interface Cancellation {
  /** Why, once cancelled. */
  readonly reason: ProxyError | undefined;
  /** Calls `listener` once, at cancellation; at once if that already happened. */
  subscribe(listener: CancelListener): Cancel;
}

export type CancelListener = (reason: ProxyError) => void;

const nothing: Cancel = () => {};

/** Never fires. */
export const NEVER_CANCELLED: Cancellation = Object.freeze({
  reason: undefined,
  subscribe: () => nothing,
});

/** A cancellation with its trigger. */
export class CancellationSource implements Cancellation {
  #reason: ProxyError | undefined;
  #first: CancelListener | undefined;
  #others: Set<CancelListener> | undefined;

  get reason(): ProxyError | undefined {
    return this.#reason;
  }

  subscribe(listener: CancelListener): Cancel {
    if (this.#reason !== undefined) {
      listener(this.#reason);
      return nothing;
    }
    if (this.#first === undefined) {
      this.#first = listener;
      return () => {
        if (this.#first === listener) this.#first = undefined;
      };
    }
    const others = (this.#others ??= new Set());
    others.add(listener);
    return () => {
      others.delete(listener);
    };
  }

  /** Fires. Only the first call counts. */
  cancel(reason: ProxyError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    const first = this.#first;
    const others = [...(this.#others ?? [])];
    this.#first = undefined;
    this.#others?.clear();
    first?.(reason);
    for (const listener of others) listener(reason);
  }
}
