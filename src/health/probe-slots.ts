/** A bound on checks at once, over all upstreams. */
import type { Clock } from "../core/platform.ts";

export interface ProbeSlots {
  /** Runs `task` when there is room. */
  run<T>(task: () => Promise<T>): Promise<T>;
  /**
   * Set where a caller must not wait for the tasks of another one; `run` does not wait for room there. Runs the tasks of `next`: as
   * many at once as there is room for, another one as each ends. Where there is no room, earlier calls that have some run them after
   * their own. Resolves when the tasks that this call has begun have ended.
   */
  drain?(next: NextTask): Promise<void>;
}

/** Begins the next task, which calls `run` before it returns; undefined where there is none. */
export type NextTask = () => Promise<void> | undefined;

/** Checks at once. */
export const MOST_PROBES = 10;

/** Up to `MOST_PROBES` checks at once; the others wait in order. */
export const probeSlots = (): ProbeSlots => {
  const waiting: (() => void)[] = [];
  let running = 0;
  return {
    async run(task) {
      if (running >= MOST_PROBES) await new Promise<void>((resolve) => waiting.push(resolve));
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

/** For platforms on which a request can't wait for another one's check, and may end in the middle of its own (Workers). */
export const unqueuedProbeSlots = (clock: Clock): ProbeSlots => {
  /** When each began, the oldest first. */
  const running = new Map<symbol, number>();
  /** Sources that may have more tasks. */
  const waiting = new Set<NextTask>();
  const hasRoom = (): boolean => {
    const lost = clock.now() - LOST_AFTER_MS;
    for (const [key, since] of running) {
      if (since > lost) break;
      running.delete(key);
    }
    return running.size < MOST_PROBES;
  };
  const begin: NextTask = () => {
    if (!hasRoom()) return undefined;
    for (const next of waiting) {
      const task = next();
      if (task !== undefined) return task;
      waiting.delete(next);
    }
    return undefined;
  };
  const inTurn = async (first: Promise<void>): Promise<void> => {
    for (let task: Promise<void> | undefined = first; task !== undefined; task = begin()) await task;
  };
  return {
    async run(task) {
      const key = Symbol("check");
      running.set(key, clock.now());
      try {
        return await task();
      } finally {
        running.delete(key);
      }
    },
    async drain(next) {
      waiting.add(next);
      const lanes: Promise<void>[] = [];
      for (let task = begin(); task !== undefined; task = begin()) lanes.push(inTurn(task));
      await Promise.all(lanes);
    },
  };
};
