/** Edits (insert, delete, replace, swap neighbours) that turn one text into the other. */
const distance = (a: string, b: string): number => {
  const width = b.length + 1;
  let before: number[] = [];
  let above: number[] = Array.from({ length: width }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row: number[] = [i];
    for (let j = 1; j < width; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, (before[j - 2] ?? 0) + 1);
      row.push(best);
    }
    before = above;
    above = row;
  }
  return above[b.length] ?? 0;
};

/** In UTF-16 code units. Nobody types a longer name. */
const LONGEST = 64;
/** Pairs of letters: enough for about a thousand names of usual length. */
const MOST_COMPARED = 200_000;

/** How many edits a name of `length` letters may be away from what was meant. */
const mostEdits = (length: number): number => (length < 5 ? 1 : Math.max(2, Math.floor(length / 3)));

/**
 * The candidate that `name` was probably meant to be, or undefined when none is near: at most a third of the
 * letters differ (one of up to four, two of five), case ignored. Of equally near ones the first.
 *
 * Names may come from a stranger's config, so the work is bounded: nothing is near to a name of more than 64 letters, and after
 * 200,000 compared pairs of letters further candidates are not looked at.
 */
export const nearestName = (name: string, candidates: Iterable<string>): string | undefined => {
  if (name.length > LONGEST) return undefined;
  let nearest: string | undefined;
  let least = mostEdits(name.length) + 1;
  let compared = 0;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) >= least) continue;
    compared += name.length * candidate.length;
    if (compared > MOST_COMPARED) break;
    const edits = distance(name.toLowerCase(), candidate.toLowerCase());
    if (edits < least && edits < candidate.length) {
      nearest = candidate;
      least = edits;
    }
  }
  return nearest;
};

/** `a` and `b` without their common first and last words, which "_" separates. */
const whereTheyDiffer = (a: string, b: string): readonly [string, string] => {
  const [left, right] = [a.split("_"), b.split("_")];
  while (left.length > 1 && right.length > 1 && left[0] === right[0]) {
    left.shift();
    right.shift();
  }
  while (left.length > 1 && right.length > 1 && left.at(-1) === right.at(-1)) {
    left.pop();
    right.pop();
  }
  return [left.join("_"), right.join("_")];
};

/**
 * As `nearestName` for names of environment variables, which are long and have much in common: the words in which a candidate
 * differs must be near to each other too.
 */
export const nearestVariable = (name: string, candidates: Iterable<string>): string | undefined =>
  nearestName(
    name,
    [...candidates].filter((candidate) => {
      const [given, meant] = whereTheyDiffer(name, candidate);
      return nearestName(given, [meant]) !== undefined;
    }),
  );
