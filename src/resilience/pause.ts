/** A pause that ends early when the client leaves. */
import type { Cancellation } from "../core/cancellation.ts";
import type { Clock } from "../core/platform.ts";

/** Resolves after `ms`; rejects with the reason when `cancellation` fires before. */
export const pause = (clock: Clock, ms: number, cancellation: Cancellation): Promise<void> =>
  new Promise((resolve, reject) => {
    if (cancellation.reason !== undefined) {
      reject(cancellation.reason);
      return;
    }
    const stop = clock.after(ms, () => {
      unsubscribe();
      resolve();
    });
    const unsubscribe = cancellation.subscribe((reason) => {
      stop();
      reject(reason);
    });
  });
