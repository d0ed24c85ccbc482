/** Cancellations from a request's `AbortSignal`. */
import { type Cancellation, CancellationSource } from "../../src/core/cancellation.ts";
import { ProxyError } from "../../src/core/errors.ts";
import type { Clock } from "../../src/core/platform.ts";

const listenTo = (signal: AbortSignal, source: CancellationSource): void => {
  const fire = (): void =>
    source.cancel(new ProxyError("client-closed", { cause: signal.reason as unknown }));
  if (signal.aborted) fire();
  else signal.addEventListener("abort", fire, { once: true });
};

/** Fires with `request.signal`, which is touched only when somebody subscribes. */
export const signalCancellation = (request: Request): Cancellation => {
  let source: CancellationSource | undefined;
  const started = (): CancellationSource => {
    if (source === undefined) {
      source = new CancellationSource();
      listenTo(request.signal, source);
    }
    return source;
  };
  return {
    get reason() {
      return source?.reason;
    },
    subscribe: (listener) => started().subscribe(listener),
  };
};

/**
 * The same where touching `request.signal` is dear: it is touched only once somebody has been subscribed for
 * `lateMs` milliseconds, so most requests never do. A client that left before is noticed then.
 */
export const lateSignalCancellation = (request: Request, clock: Clock, lateMs: number): Cancellation => {
  const source = new CancellationSource();
  let listening = false;
  return {
    get reason() {
      return source.reason;
    },
    subscribe(listener) {
      const unsubscribe = source.subscribe(listener);
      if (listening) return unsubscribe;
      const stopTimer = clock.after(lateMs, () => {
        if (listening) return;
        listening = true;
        listenTo(request.signal, source);
      });
      return () => {
        stopTimer();
        unsubscribe();
      };
    },
  };
};
