/** The better of two random endpoints. */
import type { Balancer } from "../core/balancer.ts";
import type { Member } from "../core/endpoint-state.ts";
import type { Random } from "../core/platform.ts";
import { drawPerSet } from "./member-draw.ts";

/** Whether `one` should be tried rather than `other`. False where they are equally good. */
export type IsBetter = (one: Member, other: Member, now: number) => boolean;

/**
 * Draws two different endpoints by weight and takes the better one, the first where they are equal. Nearly as even as looking at
 * all of them, at a constant cost, and without the herd that runs to the single best one (Mitzenmacher 2001).
 */
export const twoChoices = (random: Random, isBetter: IsBetter): Balancer => {
  const drawOf = drawPerSet(random);
  return {
    pick(set, selection) {
      const draw = drawOf(set);
      const first = draw.eligible(selection, undefined);
      if (first === undefined || set.members.length === 1) return first;
      const second = draw.eligible(selection, first);
      return second !== undefined && isBetter(second, first, selection.now) ? second : first;
    },
  };
};

/** Fewer attempts in flight by weight, the first of equals by weight: the default. */
export const leastLoadedOfTwo = (random: Random): Balancer => twoChoices(random, isLessLoaded);

const isLessLoaded: IsBetter = (one, other) => relativeLoad(one, other) < relativeLoad(other, one);

/**
 * Attempts in flight of a member, scaled to the lower weight of the two and rounded down: an endpoint of three times the weight is as
 * loaded with 0, 1 or 2 attempts as the other with none. Fractions would send every second request of a quiet upstream to its
 * lightest endpoint.
 */
export const relativeLoad = ({ endpoint, state }: Member, other: Member): number => {
  const { weight } = endpoint;
  return weight <= other.endpoint.weight
    ? state.inFlight
    : Math.floor((state.inFlight * other.endpoint.weight) / weight);
};
