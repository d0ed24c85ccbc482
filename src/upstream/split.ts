/** A route's traffic divided between several upstreams by weight. */
import type { Exchange } from "../core/exchange.ts";
import { fraction, hashPair, hashText } from "../core/hash.ts";

export interface Share<T> {
  readonly value: T;
  readonly weight: number;
}

/**
 * Deals values out in exact proportion to their weights, interleaved (smooth weighted round robin).
 * Weight 0 gets nothing; undefined when all weights are 0.
 */
export const weightedSplit = <T>(shares: readonly Share<T>[]): (() => T) | undefined => {
  const parts = shares
    .filter((share) => share.weight > 0)
    .map(({ value, weight }) => ({ value, weight, credit: 0 }));
  const [first] = parts;
  if (first === undefined) return undefined;
  if (parts.length === 1) return () => first.value;
  const total = parts.reduce((sum, part) => sum + part.weight, 0);
  return () => {
    let best = first;
    for (const part of parts) {
      part.credit += part.weight;
      if (part.credit > best.credit) best = part;
    }
    best.credit -= total;
    return best.value;
  };
};

/** A share with a name that stays the same when the list changes. */
export interface NamedShare<T> extends Share<T> {
  readonly name: string;
}

export interface StickySplitOptions<T> {
  readonly shares: readonly NamedShare<T>[];
  /** What a client is known by; undefined where it is not known. */
  readonly keyOf: (exchange: Exchange) => string | undefined;
}

/**
 * Keeps each client at one value. The shares of clients follow the weights, and when a weight changes no more clients move than
 * must: raising a canary from 5 to 10 % adds clients to it and takes none away (weighted rendezvous hashing). Requests whose
 * client is not known are dealt out one by one.
 */
export const stickySplit = <T>({
  shares,
  keyOf,
}: StickySplitOptions<T>): ((exchange: Exchange) => T) | undefined => {
  const deal = weightedSplit(shares);
  if (deal === undefined) return undefined;
  const parts = shares
    .filter(({ weight }) => weight > 0)
    .map(({ name, value, weight }) => ({ hash: hashText(name), value, weight }));
  return (exchange) => {
    const key = keyOf(exchange);
    if (key === undefined) return deal();
    const client = hashText(key);
    let best = parts[0];
    let highest = Number.NEGATIVE_INFINITY;
    for (const part of parts) {
      const score = -part.weight / Math.log(fraction(hashPair(client, part.hash) + 0.5));
      if (score <= highest) continue;
      highest = score;
      best = part;
    }
    return best === undefined ? deal() : best.value;
  };
};
