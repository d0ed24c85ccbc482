/** A Worker's time. */
import type { Clock } from "../../src/core/platform.ts";

/**
 * A timer belongs to the request that set it and ends with it, so none is shared between requests, and to take one back is
 * dearer than to let it pass.
 */
export const workersClock: Clock = Object.freeze({
  now: () => performance.now(),
  epoch: () => Date.now(),
  after: (ms: number, task: () => void) => {
    let isWanted = true;
    setTimeout(() => {
      if (isWanted) task();
    }, ms);
    return () => {
      isWanted = false;
    };
  },
});
