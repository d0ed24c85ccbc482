/** Random draws by weight in constant time. */
import type { Selection } from "../core/balancer.ts";
import type { EndpointSet, Member } from "../core/endpoint-state.ts";
import type { Random } from "../core/platform.ts";

/** Draws that are rejected before every member is looked at instead. */
const MAX_DRAWS = 12;

/**
 * Draws members with probability weight / sum of weights (alias method, Walker 1977; built as Vose 1991 does). What may not be
 * tried is drawn again, which leaves the odds of the others in proportion.
 */
class MemberDraw {
  readonly #members: readonly Member[];
  readonly #random: Random;
  /** Of each column: the odds that it stands for itself, and what it stands for otherwise; undefined for equal weights. */
  readonly #table: { readonly odds: Float64Array; readonly alias: Uint32Array } | undefined;

  constructor(members: readonly Member[], random: Random) {
    this.#members = members.filter(({ endpoint }) => endpoint.weight > 0);
    this.#random = random;
    this.#table = aliasTable(this.#members.map(({ endpoint }) => endpoint.weight));
  }

  /** An eligible member other than `other`; undefined where there is none. */
  eligible(selection: Selection, other: Member | undefined): Member | undefined {
    const members = this.#members;
    for (let draw = 0; draw < MAX_DRAWS && members.length > 0; draw++) {
      const member = members[this.#draw(members.length)];
      if (member === undefined || member === other || !selection.isEligible(member)) continue;
      const warmth = selection.warmthOf(member);
      if (warmth === 1 || this.#random.float() < warmth) return member;
    }
    return this.#scanned(selection, other);
  }

  #draw(count: number): number {
    const table = this.#table;
    const column = this.#random.below(count);
    if (table === undefined || this.#random.float() < (table.odds[column] ?? 1)) return column;
    return table.alias[column] ?? column;
  }

  /** The same odds by looking at all: each one replaces the choice so far with its share of the weight so far. */
  #scanned(selection: Selection, other: Member | undefined): Member | undefined {
    let chosen: Member | undefined;
    let total = 0;
    for (const member of this.#members) {
      if (member === other || !selection.isEligible(member)) continue;
      const weight = member.endpoint.weight * selection.warmthOf(member);
      total += weight;
      if (chosen === undefined || this.#random.float() * total < weight) chosen = member;
    }
    return chosen;
  }
}

/** The draw over a set's members, made once for each set. */
export const drawPerSet = (random: Random): ((set: EndpointSet) => MemberDraw) => {
  let known: EndpointSet | undefined;
  let draw = new MemberDraw([], random);
  return (set) => {
    if (set !== known) {
      known = set;
      draw = new MemberDraw(set.members, random);
    }
    return draw;
  };
};

const aliasTable = (
  weights: readonly number[],
): { readonly odds: Float64Array; readonly alias: Uint32Array } | undefined => {
  const [first] = weights;
  if (weights.every((weight) => weight === first)) return undefined;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const odds = Float64Array.from(weights, (weight) => (weight / total) * weights.length);
  const alias = new Uint32Array(weights.length);
  const small: number[] = [];
  const large: number[] = [];
  odds.forEach((share, column) => (share < 1 ? small : large).push(column));
  for (let low = small.pop(); low !== undefined; low = small.pop()) {
    const high = large.pop();
    // Only rounding leaves a small column without a large one: it stands for itself.
    if (high === undefined) {
      odds[low] = 1;
      continue;
    }
    alias[low] = high;
    const rest = (odds[high] ?? 0) + (odds[low] ?? 0) - 1;
    odds[high] = rest;
    (rest < 1 ? small : large).push(high);
  }
  for (const column of large) odds[column] = 1;
  return { odds, alias };
};
