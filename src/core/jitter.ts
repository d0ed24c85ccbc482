/** Durations that differ a little from one proxy, and from one time, to the next. */
import type { Random } from "./platform.ts";

/** `ms`, longer or shorter by a random part of at most `share` (0.1 for ± 10 %). */
export const jittered = (ms: number, share: number, random: Random): number =>
  ms * (1 - share + 2 * share * random.float());
