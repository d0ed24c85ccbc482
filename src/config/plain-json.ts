/** Plain JSON, fast: what has no comments and repeats no key needs no positions unless something is wrong with it. */

/** Any string, with the colon behind it if it is a key. */
const STRINGS = /"(?:[^"\\]|\\.)*"(?:\s*:)?/g;
const COLON = 58;

const keysIn = (text: string): number => {
  const strings = new RegExp(STRINGS);
  let count = 0;
  while (strings.test(text)) if (text.charCodeAt(strings.lastIndex - 1) === COLON) count++;
  return count;
};

const keysOf = (value: unknown): number => {
  if (typeof value !== "object" || value === null) return 0;
  let count = Array.isArray(value) ? 0 : Object.keys(value).length;
  for (const item of Object.values(value)) count += keysOf(item);
  return count;
};

/** The value of `text`; undefined where it is not plain JSON or repeats a key, so that a closer look is due. */
export const readPlainJson = (text: string): { readonly input: unknown } | undefined => {
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch {
    return undefined;
  }
  return keysOf(input) === keysIn(text) ? { input } : undefined;
};
