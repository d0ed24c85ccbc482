/** Ring hash. */
import type { Member } from "../core/endpoint-state.ts";
import { hashPair, hashText } from "../core/hash.ts";
import type { BuildTable, HashTable } from "./hash-table.ts";

/** Points of an endpoint for each unit of its weight (ketama). */
const POINTS = 160;
/** Sets with more points get half as many, or a quarter and so on, to bound memory and the time to build. */
const MAX_POINTS = 1_000_000;
/** Average of an endpoint, however many there are. */
const MIN_POINTS = 16;
/** A point's owner shares a float with its hash, so that sorting needs no comparator. */
const OWNER_BITS = 0x10_0000;

/**
 * Every endpoint has points on a circle in proportion to its weight; a key belongs to the next point (Karger et al. 1997). A
 * joining endpoint takes keys only for itself, a leaving one gives up only its own.
 */
export const ringTable: BuildTable = (members) => new Ring(members);

class Ring implements HashTable {
  readonly #members: readonly Member[];
  readonly #hashes: Uint32Array;
  readonly #owners: Uint32Array;

  constructor(members: readonly Member[]) {
    this.#members = members;
    const points = pointsOf(members).sort();
    this.#hashes = new Uint32Array(points.length);
    this.#owners = new Uint32Array(points.length);
    points.forEach((point, i) => {
      this.#hashes[i] = Math.floor(point / OWNER_BITS);
      this.#owners[i] = point % OWNER_BITS;
    });
  }

  at(hash: number, step: number): Member | undefined {
    const count = this.#hashes.length;
    if (count === 0) return undefined;
    return this.#members[this.#owners[(this.#after(hash) + step) % count] ?? 0];
  }

  /** Index of the first point at or behind `hash`, which may be one past the last. */
  #after(hash: number): number {
    let low = 0;
    let high = this.#hashes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#hashes[middle] ?? 0) < hash) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const pointsOf = (members: readonly Member[]): Float64Array => {
  const weights = members.map(({ endpoint }) => endpoint.weight);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const most = Math.max(MAX_POINTS, MIN_POINTS * members.length);
  // Steps of two, because another number of points moves keys between endpoints that stay.
  const halvings = Math.max(0, Math.ceil(Math.log2((POINTS * total) / most)));
  const counts = weights.map((weight) => Math.max(1, Math.round((POINTS * weight) / 2 ** halvings)));
  const points = new Float64Array(counts.reduce((sum, count) => sum + count, 0));
  let next = 0;
  members.forEach(({ endpoint }, owner) => {
    const hash = hashText(endpoint.key);
    for (let i = 0; i < (counts[owner] ?? 0); i++) points[next++] = hashPair(hash, i) * OWNER_BITS + owner;
  });
  return points;
};
