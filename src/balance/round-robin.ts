/** Smooth weighted round robin. */
import type { Balancer, Selection } from "../core/balancer.ts";
import type { EndpointSet, Member } from "../core/endpoint-state.ts";
import type { Random } from "../core/platform.ts";
import { drawPerSet } from "./member-draw.ts";

/** Turns that are skipped before a member is drawn instead. */
const MAX_PASSED = 64;

/** Endpoints of equal weight, which take turns. */
interface Rank {
  readonly weight: number;
  readonly members: readonly Member[];
  next: number;
  credit: number;
}

/**
 * Interleaves endpoints in proportion to their weights: in a set that does not change, each comes up exactly `weight` times in
 * any cycle of `sum of weights` picks, and heavy ones are spread out instead of bunched.
 *
 * Endpoints of equal weight form a rank. Ranks take turns as nginx's servers do (each pick raises every rank's credit by its
 * whole weight, the highest is taken and lowered by the total), and so do the members of a rank in order, so that a pick costs a
 * step for each different weight. The turn of a member that may not be tried is skipped. The first turn
 * goes to a random member, so that not every proxy begins with the same one.
 *
 * A fail-over takes no turn: its endpoint is drawn by weight, as it is where many turns in a row had to be skipped.
 */
export const roundRobin = (random: Random): Balancer => {
  let turns = new Turns({ members: [] }, random);
  const drawOf = drawPerSet(random);
  return {
    pick(set, selection) {
      if (set !== turns.set) turns = new Turns(set, random);
      const inTurn = selection.isFailOver ? undefined : turns.take(selection);
      return inTurn ?? drawOf(set).eligible(selection, undefined);
    },
  };
};

class Turns {
  readonly set: EndpointSet;
  readonly #ranks: readonly Rank[];
  readonly #total: number;
  /** Of members in slow start: how much of a turn each has gathered. */
  readonly #gathered: Float64Array;

  constructor(set: EndpointSet, random: Random) {
    this.set = set;
    this.#ranks = ranksOf(set, random);
    this.#total = this.#ranks.reduce((sum, { weight, members }) => sum + weight * members.length, 0);
    this.#gathered = new Float64Array(set.members.length);
  }

  /** Undefined where too many turns had to be skipped. */
  take(selection: Selection): Member | undefined {
    for (let passed = 0; passed < MAX_PASSED; passed++) {
      const member = this.#turn();
      if (member === undefined) return undefined;
      if (selection.isEligible(member) && this.#isDue(member, selection)) return member;
    }
    return undefined;
  }

  #turn(): Member | undefined {
    let best: Rank | undefined;
    for (const rank of this.#ranks) {
      rank.credit += rank.weight * rank.members.length;
      if (best === undefined || rank.credit > best.credit) best = rank;
    }
    if (best === undefined) return undefined;
    best.credit -= this.#total;
    const member = best.members[best.next];
    best.next = (best.next + 1) % best.members.length;
    return member;
  }

  #isDue(member: Member, selection: Selection): boolean {
    const warmth = selection.warmthOf(member);
    if (warmth === 1) return true;
    const gathered = (this.#gathered[member.index] ?? 0) + warmth;
    this.#gathered[member.index] = gathered >= 1 ? gathered - 1 : gathered;
    return gathered >= 1;
  }
}

const ranksOf = ({ members }: EndpointSet, random: Random): readonly Rank[] => {
  const byWeight = new Map<number, Member[]>();
  for (const member of members) {
    const { weight } = member.endpoint;
    if (weight === 0) continue;
    const rank = byWeight.get(weight);
    if (rank === undefined) byWeight.set(weight, [member]);
    else rank.push(member);
  }
  return [...byWeight].map(([weight, ranked]) => ({
    weight,
    members: ranked,
    next: random.below(ranked.length),
    credit: 0,
  }));
};
