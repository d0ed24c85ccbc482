/** Proactive content negotiation (RFC 9110 §12.5.1). */

interface Range {
  readonly type: string;
  /** 0 to 1. */
  readonly quality: number;
}

const QUALITY = /;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)[ \t]*(?:;|$)/i;

const rangesOf = (accept: string): readonly Range[] =>
  accept.split(",").map((entry) => {
    const semicolon = entry.indexOf(";");
    const type = (semicolon === -1 ? entry : entry.slice(0, semicolon)).trim().toLowerCase();
    const parameters = semicolon === -1 ? "" : entry.slice(semicolon);
    // A weight that can't be read is no weight.
    return { type, quality: Number(QUALITY.exec(parameters)?.[1] ?? 1) };
  });

/** Weight of one media type: that of the most specific range that covers it; 0 when none does. */
const qualityOf = (type: string, ranges: readonly Range[]): number => {
  const family = `${type.slice(0, type.indexOf("/"))}/*`;
  let quality = 0;
  let specificity = 0;
  for (const range of ranges) {
    const level = range.type === type ? 3 : range.type === family ? 2 : range.type === "*/*" ? 1 : 0;
    if (level > specificity || (level !== 0 && level === specificity && range.quality > quality)) {
      specificity = level;
      quality = range.quality;
    }
  }
  return quality;
};

/**
 * The media type of `offered` that `accept` likes best; the earlier one of equals; undefined when it wants none.
 *
 * @param offered lower-case, without parameters, in the server's order of preference.
 */
export const negotiate = <T extends string>(
  accept: string | undefined,
  offered: readonly T[],
): T | undefined => {
  if (accept === undefined || accept.trim() === "") return offered[0];
  const ranges = rangesOf(accept);
  let best: T | undefined;
  let most = 0;
  for (const type of offered) {
    const quality = qualityOf(type, ranges);
    if (quality > most) {
      most = quality;
      best = type;
    }
  }
  return best;
};
