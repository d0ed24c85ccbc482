/** A signal with a time limit. Unlike `AbortSignal.timeout`, it goes by the clock that is passed in, and ends with its work. */
import type { Clock } from "../../../src/core/platform.ts";

export interface TimeLimit {
  readonly signal: AbortSignal;
  /** The work is over. */
  end(): void;
}

/** Aborts with `outer`, and with a `TimeoutError` after `ms`. */
export const timeLimit = (outer: AbortSignal, ms: number, clock: Pick<Clock, "after">): TimeLimit => {
  const controller = new AbortController();
  const stop = (): void => controller.abort(outer.reason);
  if (outer.aborted) stop();
  outer.addEventListener("abort", stop, { once: true });
  const cancel = clock.after(ms, () => controller.abort(new TimeoutError(ms)));
  return {
    signal: controller.signal,
    end() {
      cancel();
      outer.removeEventListener("abort", stop);
    },
  };
};

class TimeoutError extends Error {
  override readonly name = "TimeoutError";

  constructor(ms: number) {
    super(`it took longer than ${ms / 1_000} s`);
  }
}
