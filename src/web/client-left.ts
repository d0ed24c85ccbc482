/** The client's leaving, as a request's `AbortSignal` tells it. */
import { type CancelListener, type Cancellation, CancellationSource } from "../core/cancellation.ts";
import { ProxyError } from "../core/errors.ts";
import type { Cancel, Clock } from "../core/platform.ts";

/** When a signal is first looked at. */
export interface SignalPatience {
  readonly clock: Clock;
  /** Milliseconds for which the first subscriber waits. */
  readonly ms: number;
}

/**
 * Watching the signal costs up to a sixth of a small request, and on Deno it fires after every response, so platforms begin
 * with exchanges that take longer than this.
 */
export const SIGNAL_PATIENCE_MS = 250;

const nothing: Cancel = () => {};

/**
 * Fires `client-closed` with the signal of `request`.
 *
 * To look at the signal at all costs some servers as much as the rest of a small request, so it is put off: most exchanges
 * are over by then. A client that left meanwhile is noticed at that moment.
 */
export class ClientLeft implements Cancellation {
  readonly #request: Request;
  readonly #patience: SignalPatience | undefined;
  #source: CancellationSource | undefined;
  /** Who waits until the signal is looked at. */
  #early: CancelListener | undefined;

  constructor(request: Request, patience: SignalPatience | undefined) {
    this.#request = request;
    this.#patience = patience;
  }

  get reason(): ProxyError | undefined {
    return this.#source?.reason;
  }

  subscribe(listener: CancelListener): Cancel {
    const patience = this.#patience;
    if (patience === undefined || this.#source !== undefined || this.#early !== undefined) {
      return this.#watched().subscribe(listener);
    }
    this.#early = listener;
    let unsubscribe = nothing;
    const stopTimer = patience.clock.after(patience.ms, () => {
      this.#early = undefined;
      unsubscribe = this.#watched().subscribe(listener);
    });
    return () => {
      stopTimer();
      this.#early = undefined;
      unsubscribe();
    };
  }

  #watched(): CancellationSource {
    return (this.#source ??= cancelledBy(this.#request.signal));
  }
}

const cancelledBy = (signal: AbortSignal): CancellationSource => {
  const source = new CancellationSource();
  const fire = (): void =>
    source.cancel(
      new ProxyError("client-closed", { detail: "client left", cause: signal.reason as unknown }),
    );
  if (signal.aborted) fire();
  else signal.addEventListener("abort", fire, { once: true });
  return source;
};
