/** Quantiles from histograms. */

/** Of a histogram. */
export interface Counts {
  readonly count: number;
  /** One for each bound, and one for what is above them. */
  readonly counts: ArrayLike<number>;
}

/**
 * The value below which a share `quantile` (0 to 1) of all values lies: interpolated inside of the bucket that holds it, as
 * Prometheus's `histogram_quantile` does. Values above the last bound count as that bound. Undefined where there is none.
 */
export const quantileOf = (
  { count, counts }: Counts,
  bounds: readonly number[],
  quantile: number,
): number | undefined => {
  if (count === 0) return undefined;
  const rank = quantile * count;
  let below = 0;
  for (let index = 0; index < bounds.length; index += 1) {
    const upper = bounds[index] as number;
    const inside = counts[index] ?? 0;
    if (inside > 0 && below + inside >= rank) {
      const lower = index === 0 ? 0 : (bounds[index - 1] ?? 0);
      return lower + (upper - lower) * Math.max(0, (rank - below) / inside);
    }
    below += inside;
  }
  return bounds.at(-1) ?? 0;
};
