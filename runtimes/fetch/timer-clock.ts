/** Time with a timer of the runtime for each: where a timer belongs to the request that set it. */
import type { Clock } from "../../src/core/platform.ts";

export const timerClock: Clock = Object.freeze({
  now: () => performance.now(),
  epoch: () => Date.now(),
  after: (ms: number, task: () => void) => {
    const timer: unknown = setTimeout(task, ms);
    // Where timers can keep a process alive, they are objects that can be told not to.
    if (hasUnref(timer)) timer.unref();
    return () => clearTimeout(timer as ReturnType<typeof setTimeout>);
  },
});

const hasUnref = (timer: unknown): timer is { unref(): void } =>
  typeof timer === "object" && timer !== null && "unref" in timer;
