/** A route's traffic divided between several upstreams by weight. */

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
