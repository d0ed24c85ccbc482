/** Cancellation by the clock. */
import type { Cancellation } from "./cancellation.ts";
import { ProxyError } from "./errors.ts";
import type { Cancel, Clock } from "./platform.ts";

/**
 * Cancelled when `parent` is, or with `deadline-exceeded` once `ms` milliseconds have passed from now.
 * A timer runs only while somebody listens, so an exchange that ended leaves none behind.
 */
export const withDeadline = (parent: Cancellation, clock: Clock, ms: number): Cancellation => {
  const endsAt = clock.now() + ms;
  const exceeded = (): ProxyError =>
    new ProxyError("deadline-exceeded", { detail: `total time limit of ${ms} ms is over` });
  return {
    get reason() {
      return parent.reason ?? (clock.now() >= endsAt ? exceeded() : undefined);
    },
    subscribe(listener): Cancel {
      let done = false;
      let stopTimer: Cancel = () => {};
      const fire = (reason: ProxyError): void => {
        if (done) return;
        done = true;
        stopTimer();
        stopParent();
        listener(reason);
      };
      let stopParent: Cancel = () => {};
      stopParent = parent.subscribe(fire);
      if (!done) stopTimer = clock.after(Math.max(0, endsAt - clock.now()), () => fire(exceeded()));
      return () => {
        done = true;
        stopTimer();
        stopParent();
      };
    },
  };
};
