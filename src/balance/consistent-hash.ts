/** Requests with the same key go to the same endpoint, as long as it may be tried. */
import type { Balancer, Selection } from "../core/balancer.ts";
import type { EndpointSet, Member } from "../core/endpoint-state.ts";
import type { Random } from "../core/platform.ts";
import { fraction, hashPair, hashText } from "../core/hash.ts";
import type { HashKey } from "./hash-key.ts";
import type { BuildTable, HashTable } from "./hash-table.ts";
import { Rendezvous } from "./rendezvous.ts";

export interface ConsistentHashOptions {
  /** Undefined is rendezvous hashing, which needs none. */
  readonly table: BuildTable | undefined;
  /** Requests without a key go anywhere. */
  readonly keyOf: HashKey;
  readonly random: Random;
  /**
   * Most load of an endpoint relative to its fair share, as 1.5 for 150 %; what is above goes to the key's next endpoint
   * (Mirrokni et al. 2018). Infinity is no bound.
   */
  readonly bound: number;
}

/** Preferences that are looked up in the table before every endpoint is scored instead. */
const MAX_STEPS = 32;
/** Makes the share of keys that a warming endpoint takes independent of the keys' place. */
const WARMTH_SEED = 7;

export const consistentHash = (options: ConsistentHashOptions): Balancer => {
  let picker = new HashPicker({ members: [] }, options);
  return {
    pick(set, selection) {
      if (set !== picker.set) picker = new HashPicker(set, options);
      return picker.pick(selection);
    },
  };
};

class HashPicker {
  readonly set: EndpointSet;
  readonly #options: ConsistentHashOptions;
  readonly #members: readonly Member[];
  readonly #table: HashTable | undefined;
  readonly #rendezvous: Rendezvous;
  readonly #totalWeight: number;

  constructor(set: EndpointSet, options: ConsistentHashOptions) {
    this.set = set;
    this.#options = options;
    this.#members = set.members.filter(({ endpoint }) => endpoint.weight > 0);
    this.#table = options.table?.(this.#members);
    this.#rendezvous = new Rendezvous(this.#members);
    this.#totalWeight = this.#members.reduce((sum, { endpoint }) => sum + endpoint.weight, 0);
  }

  pick(selection: Selection): Member | undefined {
    const { keyOf, random } = this.#options;
    const key = keyOf(selection.exchange);
    const hash = key === undefined ? random.below(0x1_0000_0000) : hashText(key);
    const accepts = this.#acceptance(hash, selection, this.#totalWeight);
    return (
      this.#preferred(hash, accepts) ??
      this.#rendezvous.best(hash, accepts) ??
      this.#fallback(hash, selection)
    );
  }

  #preferred(hash: number, accepts: (member: Member) => boolean): Member | undefined {
    const table = this.#table;
    if (table === undefined) return undefined;
    for (let step = 0; step < MAX_STEPS; step++) {
      const member = table.at(hash, step);
      if (member !== undefined && accepts(member)) return member;
    }
    return undefined;
  }

  /** The bound refers to all endpoints at first; where those that may be tried can't hold the load, to them alone. */
  #fallback(hash: number, selection: Selection): Member | undefined {
    let weight = 0;
    for (const member of this.#members) if (selection.isEligible(member)) weight += member.endpoint.weight;
    if (weight === 0) return undefined;
    const isOpen = (member: Member): boolean =>
      selection.isEligible(member) && this.#hasRoom(member, selection, weight);
    return this.#rendezvous.best(hash, isOpen) ?? this.#rendezvous.best(hash, (m) => selection.isEligible(m));
  }

  #acceptance(hash: number, selection: Selection, weight: number): (member: Member) => boolean {
    return (member) => {
      if (!selection.isEligible(member) || !this.#hasRoom(member, selection, weight)) return false;
      const warmth = selection.warmthOf(member);
      return warmth === 1 || fraction(hashPair(hash, WARMTH_SEED)) < warmth;
    };
  }

  #hasRoom({ endpoint, state }: Member, { inFlight }: Selection, totalWeight: number): boolean {
    const { bound } = this.#options;
    if (bound === Number.POSITIVE_INFINITY) return true;
    return state.inFlight < boundOf({ bound, inFlight, weight: endpoint.weight, totalWeight });
  }
}

export interface LoadBound {
  readonly bound: number;
  /** Of the whole upstream, without the attempt that a place is sought for. */
  readonly inFlight: number;
  readonly weight: number;
  readonly totalWeight: number;
}

/** Most attempts that an endpoint may have in flight once it has been picked. */
export const boundOf = ({ bound, inFlight, weight, totalWeight }: LoadBound): number =>
  Math.ceil((bound * (inFlight + 1) * weight) / totalWeight);
