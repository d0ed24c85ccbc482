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
