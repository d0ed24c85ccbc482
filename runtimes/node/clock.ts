/** Node's time. */
import type { Clock } from "../../src/core/platform.ts";

export const nodeClock: Clock = {
  now: () => performance.now(),
  epoch: () => Date.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
