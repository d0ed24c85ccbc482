/** Notices that a thread has run out of memory, on Deno. */
import v8 from "node:v8";

const LOOK_MS = 500;

/**
 * Deno gives a thread that reaches the limit of its heap a higher one, and ends what the thread was doing: a timer's task with an
 * error of the thread, but what comes after an `await` without a word. The higher limit tells.
 */
export const watchMemory = (exhausted: () => void): void => {
  const limit = v8.getHeapStatistics().heap_size_limit;
  const timer = setInterval(() => {
    if (v8.getHeapStatistics().heap_size_limit <= limit) return;
    clearInterval(timer);
    exhausted();
  }, LOOK_MS);
};
