/** Keeps the process running until `work` is done: the clock's timers do not. */
export const alive = async (work: Promise<unknown> | undefined): Promise<void> => {
  const timer = setInterval(() => {}, 1_000);
  try {
    await work;
  } finally {
    clearInterval(timer);
  }
};
