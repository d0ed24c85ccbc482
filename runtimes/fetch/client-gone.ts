/** Cancellations from a request's `AbortSignal`. */
import type { Cancellation, CancellationSource } from "../../src/core/cancellation.ts";
import type { ProxyError } from "../../src/core/errors.ts";
import type { Cancel, Clock } from "../../src/core/platform.ts";
import { cancelledBy } from "../../src/core/signal-cancellation.ts";

/**
 * Fires with `request.signal`. Touching that is dear, so it is touched only once somebody has been subscribed for
 * `lateMs` milliseconds, which with most requests never happens. A client that left before is noticed then.
 */
export class LateSignalCancellation implements Cancellation {
  readonly #request: Request;
  readonly #clock: Clock;
  readonly #lateMs: number;
  #source: CancellationSource | undefined;
  /** Who waits until the signal is touched. */
  #early: ((reason: ProxyError) => void) | undefined;

  constructor(request: Request, clock: Clock, lateMs: number) {
    this.#request = request;
    this.#clock = clock;
    this.#lateMs = lateMs;
  }

  get reason(): ProxyError | undefined {
    return this.#source?.reason;
  }

  subscribe(listener: (reason: ProxyError) => void): Cancel {
    // The second subscriber at a time needs the whole machinery.
    if (this.#source !== undefined || this.#early !== undefined) return this.#touched().subscribe(listener);
    this.#early = listener;
    let unsubscribe: Cancel = () => {
      this.#early = undefined;
    };
    const stopTimer = this.#clock.after(this.#lateMs, () => {
      this.#early = undefined;
      unsubscribe = this.#touched().subscribe(listener);
    });
    return () => {
      stopTimer();
      unsubscribe();
    };
  }

  #touched(): CancellationSource {
    return (this.#source ??= cancelledBy(this.#request.signal));
  }
}
