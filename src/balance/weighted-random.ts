/** Weighted random choice. */
import type { Balancer } from "../core/balancer.ts";
import type { EndpointSet } from "../core/endpoint-state.ts";
import type { Random } from "../core/platform.ts";
import { MemberDraw } from "./member-draw.ts";

/** Picks each eligible endpoint with probability weight / sum of their weights, independently of earlier picks. */
export const weightedRandom = (random: Random): Balancer => {
  let known: EndpointSet | undefined;
  let draw = new MemberDraw([], random);
  return {
    pick(set, selection) {
      if (set !== known) {
        known = set;
        draw = new MemberDraw(set.members, random);
      }
      return draw.eligible(selection, undefined);
    },
  };
};
