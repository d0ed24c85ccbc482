/** Keeps the process alive until `work` is done, which the clock's timers do not. */
export const alive = async (work: Promise<unknown>): Promise<void> => {
  const timer = setInterval(() => {}, 1_000);
  try {
    await work;
  } finally {
    clearInterval(timer);
  }
};
