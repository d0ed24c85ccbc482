/** A bound on checks at once, over all upstreams. */
import type { Clock } from "../core/platform.ts";

export interface ProbeSlots {
  /** Runs `task` when there is room. */
  run<T>(task: () => Promise<T>): Promise<T>;
  /** Set where tasks must not wait for each other: whether there is room now, which `run` does not ask. */
  hasRoom?(): boolean;
}

/** Checks at once. */
export const MOST_PROBES = 10;

/** @param max checks at once; the others wait in order. @default 10 */
export const probeSlots = (max: number = MOST_PROBES): ProbeSlots => {
  const waiting: (() => void)[] = [];
  let running = 0;
  return {
    async run(task) {
      if (running >= max) await new Promise<void>((resolve) => waiting.push(resolve));
      else running += 1;
      try {
        return await task();
      } finally {
        // A place goes from one to the next without being counted twice.
        const next = waiting.shift();
        if (next === undefined) running -= 1;
        else next();
      }
    },
  };
};

/** A task that has taken this long counts as lost: it ended with the request that ran it. */
const LOST_AFTER_MS = 120_000;

/**
 * For platforms on which a request can't wait for another one's check, and may end in the middle of its own (Workers).
 *
 * @param max checks at once. @default 10
 */
export const unqueuedProbeSlots = (clock: Clock, max: number = MOST_PROBES): ProbeSlots => {
  /** When each began, the oldest first. */
  const running = new Map<symbol, number>();
  return {
    hasRoom() {
      const lost = clock.now() - LOST_AFTER_MS;
      for (const [key, since] of running) {
        if (since > lost) break;
        running.delete(key);
      }
      return running.size < max;
    },
    async run(task) {
      const key = Symbol("check");
      running.set(key, clock.now());
      try {
        return await task();
      } finally {
        running.delete(key);
      }
    },
  };
};
