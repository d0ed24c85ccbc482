/** Weighted random choice. */
import type { Balancer } from "../core/balancer.ts";
import type { Random } from "../core/platform.ts";
import { drawPerSet } from "./member-draw.ts";

/** Picks each eligible endpoint with probability weight / sum of their weights, independently of earlier picks. */
export const weightedRandom = (random: Random): Balancer => {
  const drawOf = drawPerSet(random);
  return { pick: (set, selection) => drawOf(set).eligible(selection, undefined) };
};
