/** Repeatable randomness. */
import type { Random } from "../../src/core/platform.ts";

const UINT32 = 0x1_0000_0000;

/** The same numbers for the same seed (xorshift32, Marsaglia 2003). Not for secrets. */
export const seededRandom = (seed = 1): Random => {
  let state = seed >>> 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
  return {
    float: () => next() / UINT32,
    below: (bound) => Math.floor((next() / UINT32) * bound),
    id: () => Array.from({ length: 4 }, () => next().toString(16).padStart(8, "0")).join(""),
  };
};
