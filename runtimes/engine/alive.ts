/** Keeps the process until `work` is done: the clock's timers don't. */
export const alive = async (work: Promise<unknown>): Promise<void> => {
  const timer = setInterval(() => {}, 1_000);
  try {
    await work;
  } finally {
    clearInterval(timer);
  }
};
