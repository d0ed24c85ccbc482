/** Header edits as data: decided once per plan or request, applied once where the message is built. */

/** Header fields as they arrived: name, value, name, value, …; names in any case. */
export type HeaderPairs = readonly string[];

/**
 * What to change on a header section. Applied in this order:
 * fields in `drop` go; fields in `fallback` are added where the name is (now) absent; fields in `add` are added.
 *
 * So `set` is `drop` + `add`, `append` is `add` alone, `remove` is `drop` alone.
 * All names are lower-case.
 */
export interface HeaderEdits {
  readonly drop: ReadonlySet<string>;
  readonly fallback: HeaderPairs;
  readonly add: HeaderPairs;
}

/** Changes nothing. */
export const NO_EDITS: HeaderEdits = Object.freeze({ drop: new Set<string>(), fallback: [], add: [] });

/** `first`, then `second`: what `second` drops or adds wins over what `first` added. */
export const mergeEdits = (first: HeaderEdits, second: HeaderEdits): HeaderEdits => {
  if (first === NO_EDITS) return second;
  if (second === NO_EDITS) return first;
  const drop = new Set(first.drop);
  for (const name of second.drop) drop.add(name);
  const keep: string[] = [];
  for (let i = 0; i < first.add.length; i += 2) {
    const name = first.add[i] as string;
    if (!second.drop.has(name)) keep.push(name, first.add[i + 1] as string);
  }
  return {
    drop,
    fallback: [...first.fallback, ...second.fallback],
    add: [...keep, ...second.add],
  };
};
