/** What a thread has in common with the others of its process that answer requests. */

/** Counts something that is in use, in all threads together. */
export interface Tally {
  readonly total: number;
  /** Of these, what this thread has added. */
  readonly own: number;
  /**
   * Adds one, unless there would be more than `limit`. Of several threads that try at the same time for the last place, each may be
   * refused; there are never more than `limit`.
   */
  tryAdd(limit: number): boolean;
  add(): void;
  /** Takes one back that this thread has added. */
  remove(): void;
}

export interface ThreadShare {
  /** At least 2. */
  readonly threads: number;
  /** From 0 to `threads - 1`. */
  readonly place: number;
  /**
   * The same count for equal names, in all threads, for as long as some thread has a tally of the name. Not for names that clients
   * choose: there is room for some thousands.
   */
  tally(name: string): Tally;
  /** Adds one for a client, unless all threads together would have more than `limit`. `removeClient` takes it back. */
  tryAddClient(client: string, limit: number): boolean;
  removeClient(client: string): void;
}

/** This thread's part of `whole`, which is at least the number of threads: the parts add up to it. */
export const shareOf = (whole: number, share: ThreadShare | undefined): number => {
  if (share === undefined || whole === Number.POSITIVE_INFINITY) return whole;
  const { threads, place } = share;
  return Math.floor(whole / threads) + (place < whole % threads ? 1 : 0);
};
