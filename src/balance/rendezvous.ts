/** Rendezvous hashing (highest random weight, Thaler and Ravishankar 1996). */
import type { Member } from "../core/endpoint-state.ts";
import { fraction, hashPair, hashText } from "../core/hash.ts";

/**
 * Scores every endpoint for a hash; the highest wins. Exact shares and no table, at the price of a look at every endpoint.
 * Weighted as Schindelhauer and Schomaker 2005: -weight / ln(u), which is proportional without moving other keys.
 */
export class Rendezvous {
  readonly #members: readonly Member[];
  readonly #hashes: Uint32Array;
  readonly #isEven: boolean;

  constructor(members: readonly Member[]) {
    this.#members = members;
    this.#hashes = Uint32Array.from(members, ({ endpoint }) => hashText(endpoint.key));
    this.#isEven = members.every(({ endpoint }) => endpoint.weight === members[0]?.endpoint.weight);
  }

  /** The highest score among those that `accepts` lets through. */
  best(hash: number, accepts: (member: Member) => boolean): Member | undefined {
    let best: Member | undefined;
    let highest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < this.#members.length; i++) {
      const member = this.#members[i];
      if (member === undefined) continue;
      const drawn = hashPair(hash, this.#hashes[i] ?? 0);
      const score = this.#isEven ? drawn : -member.endpoint.weight / Math.log(fraction(drawn + 0.5));
      if (score > highest && accepts(member)) {
        best = member;
        highest = score;
      }
    }
    return best;
  }
}
