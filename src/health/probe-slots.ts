/** A bound on checks at once, over all upstreams. */
import type { Clock } from "../core/platform.ts";

export interface ProbeSlots {
  /** Runs `task` when there is room. */
  run<T>(task: () => Promise<T>): Promise<T>;
  /**
   * Set where tasks must not wait for each other, and `run` asks for no room: begins what `next` finds as far as there is room, and
   * goes on with it as tasks end. What found no room is done by an earlier caller that has some. Resolves when the tasks that this
   * call has begun are over.
   */
  drain?(next: NextTask): Promise<void>;
}

/** Begins the next task, which calls `run` before it returns; undefined where there is none. */
export type NextTask = () => Promise<void> | undefined;

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
  /** Whose tasks found no room, or have not all begun. */
  const waiting = new Set<NextTask>();
  const hasRoom = (): boolean => {
    const lost = clock.now() - LOST_AFTER_MS;
    for (const [key, since] of running) {
      if (since > lost) break;
      running.delete(key);
    }
    return running.size < max;
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
