/** One thing at a time, in the order of asking. */

export class Turn {
  #last: Promise<void> = Promise.resolve();

  /** Resolves when it is the caller's turn. @returns what ends it: true for the first call, false for later ones */
  async take(): Promise<() => boolean> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    await before;
    let isOver = false;
    return () => {
      if (isOver) return false;
      isOver = true;
      resolve();
      return true;
    };
  }
}
