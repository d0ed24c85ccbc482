/** Ring hash. */
import type { Member } from "../core/endpoint-state.ts";
import { hashPair } from "../core/hash.ts";
import type { BuildTable, HashTable } from "./hash-table.ts";
import { type RingPoints, ringPoints } from "./ring-points.ts";

/** Places on the circle where a key looks for its nearest point. */
const PROBES = 5;

/**
 * Every endpoint has points on a circle in proportion to its weight (Karger et al. 1997), wherever the others have theirs: when an
 * endpoint joins, leaves or changes its weight, keys move only to or from that endpoint.
 *
 * A key is looked up from several places and belongs to the nearest point behind any of them (Appleton and O'Reilly 2015). That evens
 * out the random distances between points: the share of an endpoint of weight 1 has a standard deviation of 2.6 % instead
 * of 7.9 %.
 */
export const ringTable: BuildTable = (members) => new Ring(members);

class Ring implements HashTable {
  readonly #members: readonly Member[];
  readonly #points: RingPoints;
  /** State of a look-up: the places of its key, the index of the next point behind each, and the distance to that. */
  readonly #places: Uint32Array = new Uint32Array(PROBES);
  readonly #next: Uint32Array = new Uint32Array(PROBES);
  readonly #distances: Uint32Array = new Uint32Array(PROBES);

  constructor(members: readonly Member[]) {
    this.#members = members;
    this.#points = ringPoints(members);
  }

  at(hash: number, step: number): Member | undefined {
    if (this.#members.length === 0) return undefined;
    if (step === 0) this.#begin(hash);
    let nearest = 0;
    for (let probe = 1; probe < PROBES; probe++) {
      if ((this.#distances[probe] ?? 0) < (this.#distances[nearest] ?? 0)) nearest = probe;
    }
    const point = this.#next[nearest] ?? 0;
    this.#setNext(nearest, point + 1);
    return this.#members[this.#points.owners[point] ?? 0];
  }

  #begin(hash: number): void {
    for (let probe = 0; probe < PROBES; probe++) {
      const place = hashPair(hash, probe);
      this.#places[probe] = place;
      this.#setNext(probe, this.#after(place));
    }
  }

  /** Index of the first point at or behind `place`, which may be one past the last. */
  #after(place: number): number {
    const { hashes, starts, shift } = this.#points;
    let at = starts[place >>> shift] ?? 0;
    while (at < hashes.length && (hashes[at] ?? 0) < place) at++;
    return at;
  }

  #setNext(probe: number, point: number): void {
    const { hashes } = this.#points;
    const next = point < hashes.length ? point : 0;
    this.#next[probe] = next;
    // Modulo 2³²: the circle closes.
    this.#distances[probe] = (hashes[next] ?? 0) - (this.#places[probe] ?? 0);
  }
}
