/**
 * Which regular expressions take a backtracking matcher exponential time: those with a repetition that can take the same
 * text in two ways, so that n times that text can be taken in 2ⁿ (Weideman et al., "Analyzing Matching Time Behavior
 * of Backtracking Regular Expression Matchers", 2016), and behind which matching can still fail.
 */
import { type Position, positionsOf } from "./regex-positions.ts";
import { type RegexNode, parseRegex } from "./regex-syntax.ts";

/** Header values are bytes; of what else there is in queries, these stand for it. */
const SAMPLES: readonly string[] = [
  ...Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)),
  ..."Āα一\u{1f600}",
];

/** Steps after which an expression is taken for harmless: more than any ordinary one needs. */
const PATIENCE = 200_000;

/** Whether some character is taken by both of two positions. */
const overlapOf = (source: string): ((a: Position, b: Position) => boolean) => {
  const samples = [...new Set([...SAMPLES, ...source])];
  const known = new Map<string, bigint>();
  /** A bit for each of the samples. */
  const takenBy = ({ text }: Position): bigint => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const one = new RegExp(`^(?:${text})$`, "u");
    let taken = 0n;
    if (text !== "") for (const sample of samples) taken = (taken << 1n) | (one.test(sample) ? 1n : 0n);
    known.set(text, taken);
    return taken;
  };
  return (a, b) => (a === b ? a.text !== "" : (takenBy(a) & takenBy(b)) !== 0n);
};

/** Stands for the way to a pair that is itself two. */
const TWO_WAYS = -1;

/**
 * The first character of `node` at which two paths over the same text meet again and again. Followed are pairs of paths
 * that start at one position; they are ambiguous if they part and come back there together.
 */
const ambiguousIn = (
  node: RegexNode,
  overlap: (a: Position, b: Position) => boolean,
): Position | undefined => {
  const positions = positionsOf(node);
  if (positions === undefined) return undefined;
  const { all } = positions;
  const count = all.length;
  // Whoever gets to a last one has matched and never comes back.
  const last = new Set(positions.last);
  let patience = PATIENCE;

  /** For each pair that paths from `start` get to, the pairs before it. */
  const pairsFrom = (start: number): ReadonlyMap<number, readonly number[]> => {
    const before = new Map<number, number[]>();
    const queue = [start * count + start];
    for (const pair of queue) {
      const [one, other] = [Math.floor(pair / count), pair % count];
      for (const [a, ways] of all[one]?.next ?? []) {
        for (const b of all[other]?.next.keys() ?? []) {
          if (--patience < 0) return new Map();
          if (last.has(a) || last.has(b) || !overlap(all[a] as Position, all[b] as Position)) continue;
          const from = one === other && a === b && ways > 1 ? TWO_WAYS : pair;
          const known = before.get(a * count + b);
          if (known !== undefined) known.push(from);
          else {
            before.set(a * count + b, [from]);
            queue.push(a * count + b);
          }
        }
      }
    }
    return before;
  };

  // Positions that paths get to and back from are ambiguous together or not at all.
  const settled = new Set<number>();
  return all.find((_, start) => {
    if (settled.has(start)) return false;
    const before = pairsFrom(start);
    const back = new Set([start * count + start]);
    for (const pair of back) {
      for (const from of before.get(pair) ?? []) {
        if (from === TWO_WAYS || Math.floor(from / count) !== from % count) return true;
        back.add(from);
        settled.add(from % count);
      }
    }
    return false;
  });
};

/**
 * Where `source`, a regular expression with the flag `u`, takes exponential time on some text; undefined where it
 * doesn't, or is too large or too unusual to tell (a look-around or back-reference in the repetition). Polynomial time,
 * as of `.*.*x`, is no matter here.
 */
export const exponentialAt = (source: string): { readonly text: string; readonly at: number } | undefined => {
  const { whole, inner } = parseRegex(source);
  const overlap = overlapOf(source);
  for (const node of [whole, ...inner]) {
    const found = ambiguousIn(node, overlap);
    if (found !== undefined) return found;
  }
  return undefined;
};
