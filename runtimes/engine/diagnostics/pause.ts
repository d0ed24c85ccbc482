/** Waiting while something is measured. */

/** Resolves after `ms` milliseconds; rejects with the signal's reason when it aborts. Keeps no process alive. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    }, ms);
    timer.unref();
    signal.addEventListener("abort", abort, { once: true });
  });
