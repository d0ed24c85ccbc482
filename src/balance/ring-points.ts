/** The points that endpoints have on the circle of a ring hash. */
import type { Member } from "../core/endpoint-state.ts";
import { hashPair, hashText } from "../core/hash.ts";

/** Points of each unit of weight (ketama). */
const POINTS = 160;
/**
 * Bounds memory (up to 16 bytes a point) and the time to build. Where the weights of a set add up to more than 13,107, each unit of
 * weight has half as many points, above 26,214 a quarter, and so on. Only a change that crosses such a sum moves keys of all endpoints.
 */
const MAX_POINTS = 0x20_0000;
const HASH_BITS = 32;
/** Sorted by in each pass: its 2,049 counters fit into the processor's L1 cache. */
const DIGIT_BITS = 11;

export interface RingPoints {
  /** In ascending order. */
  readonly hashes: Uint32Array;
  /** Index of the member that each belongs to. */
  readonly owners: Uint32Array;
  /** For each value of a hash's upper bits: index of the first point with these bits, or higher ones. */
  readonly starts: Uint32Array;
  /** Number of a hash's other bits. */
  readonly shift: number;
}

/** Points in proportion to weights, at least one for each member. Where they lie depends on the endpoint's key alone. */
export const ringPoints = (members: readonly Member[]): RingPoints => {
  const counts = countsOf(members);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const unsorted: HashedOwners = { hashes: new Uint32Array(total), owners: new Uint32Array(total) };
  let next = 0;
  for (const [owner, { endpoint }] of members.entries()) {
    const hash = hashText(endpoint.key);
    const end = next + (counts[owner] ?? 0);
    unsorted.owners.fill(owner, next, end);
    for (let i = 0; next < end; i++) unsorted.hashes[next++] = hashPair(hash, i);
  }
  const { hashes, owners } = sorted(unsorted);
  const bits = Math.max(1, Math.ceil(Math.log2(total)));
  return { hashes, owners, starts: startsOf(hashes, bits), shift: HASH_BITS - bits };
};

type HashedOwners = Pick<RingPoints, "hashes" | "owners">;

const countsOf = (members: readonly Member[]): readonly number[] => {
  const total = members.reduce((sum, { endpoint }) => sum + endpoint.weight, 0);
  let unit = POINTS;
  while (unit * total > MAX_POINTS) unit /= 2;
  return members.map(({ endpoint }) => Math.max(1, Math.round(unit * endpoint.weight)));
};

/** Radix sort, from the lowest digit on: a fifth of the time that the sort of a typed array takes. */
const sorted = (points: HashedOwners): HashedOwners => {
  const total = points.hashes.length;
  let from = points;
  let to: HashedOwners = { hashes: new Uint32Array(total), owners: new Uint32Array(total) };
  for (let shift = 0; shift < HASH_BITS; shift += DIGIT_BITS) {
    distribute(from, to, shift);
    [from, to] = [to, from];
  }
  return from;
};

/** Copies the points in order of one digit; those with the same digit stay in order. */
const distribute = (from: HashedOwners, to: HashedOwners, shift: number): void => {
  const mask = 2 ** DIGIT_BITS - 1;
  const { hashes, owners } = from;
  const { hashes: hashesTo, owners: ownersTo } = to;
  const ends = new Uint32Array(2 ** DIGIT_BITS + 1);
  for (let i = 0; i < hashes.length; i++) {
    const digit = ((hashes[i] ?? 0) >>> shift) & mask;
    ends[digit + 1] = (ends[digit + 1] ?? 0) + 1;
  }
  for (let digit = 1; digit < ends.length; digit++) ends[digit] = (ends[digit] ?? 0) + (ends[digit - 1] ?? 0);
  for (let i = 0; i < hashes.length; i++) {
    const hash = hashes[i] ?? 0;
    const digit = (hash >>> shift) & mask;
    const at = ends[digit] ?? 0;
    ends[digit] = at + 1;
    hashesTo[at] = hash;
    ownersTo[at] = owners[i] ?? 0;
  }
};

const startsOf = (hashes: Uint32Array, bits: number): Uint32Array => {
  const shift = HASH_BITS - bits;
  const starts = new Uint32Array(2 ** bits).fill(hashes.length);
  for (let point = hashes.length - 1; point >= 0; point--) starts[(hashes[point] ?? 0) >>> shift] = point;
  for (let upper = starts.length - 2; upper >= 0; upper--) {
    starts[upper] = Math.min(starts[upper] ?? 0, starts[upper + 1] ?? 0);
  }
  return starts;
};
