/** A bound on checks at once, over all upstreams. */
export interface ProbeSlots {
  /** Runs `task` when there is room. */
  run<T>(task: () => Promise<T>): Promise<T>;
}

/** @param max checks at once; the others wait in order. @default 10 */
export const probeSlots = (max = 10): ProbeSlots => {
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
