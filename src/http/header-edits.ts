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

const NONE: readonly string[] = Object.freeze([]);

/** A list of more names than this is made a set, so that the cost of looking every field up in it stays linear. */
const FEW = 8;

const setOfMany = (names: readonly string[]): ReadonlySet<string> | undefined =>
  names.length > FEW ? new Set(names) : undefined;

/** `pairs` less the fields with these lower-case names; `pairs` has lower-case names too. */
export const withoutNames = (pairs: HeaderPairs, names: { has(name: string): boolean }): string[] => {
  const kept: string[] = [];
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i] as string;
    if (!names.has(name)) kept.push(name, pairs[i + 1] as string);
  }
  return kept;
};

const namesOf = (...lists: readonly HeaderPairs[]): Set<string> => {
  const names = new Set<string>();
  for (const pairs of lists) for (let i = 0; i < pairs.length; i += 2) names.add(pairs[i] as string);
  return names;
};

/**
 * `first`, then `second`, as one: applying the result equals applying the two in turn.
 *
 * What `second` drops it also drops from what `first` adds or falls back to, and its fallbacks give way to
 * what `first` adds.
 */
export const mergeEdits = (first: HeaderEdits, second: HeaderEdits): HeaderEdits => {
  if (first === NO_EDITS) return second;
  if (second === NO_EDITS) return first;
  const fallback = withoutNames(first.fallback, second.drop);
  const add = withoutNames(first.add, second.drop);
  return {
    drop: new Set([...first.drop, ...second.drop]),
    fallback: [...fallback, ...withoutNames(second.fallback, namesOf(fallback, add))],
    add: [...add, ...second.add],
  };
};

/**
 * A new flat list: `pairs` with `edits` applied. For transports that write raw header lists.
 *
 * @param alsoDrop further lower-case names to take out, known only with the message in hand.
 */
export const editPairs = (
  pairs: HeaderPairs,
  edits: HeaderEdits,
  alsoDrop: readonly string[] = NONE,
): string[] => {
  const { drop, fallback, add } = edits;
  const out: string[] = [];
  const many = setOfMany(alsoDrop);
  const missing = fallback.length === 0 ? fallback : fallback.slice();
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i] as string;
    const lower = name.toLowerCase();
    if (drop.has(lower)) continue;
    if (alsoDrop.length > 0 && (many?.has(lower) ?? alsoDrop.includes(lower))) continue;
    out.push(name, pairs[i + 1] as string);
    // A name is never empty, so an emptied slot says "present already".
    for (let j = 0; j < missing.length; j += 2) if (missing[j] === lower) (missing as string[])[j] = "";
  }
  for (let j = 0; j < missing.length; j += 2) {
    const name = missing[j] as string;
    if (name !== "") out.push(name, missing[j + 1] as string);
  }
  for (let j = 0; j < add.length; j++) out.push(add[j] as string);
  return out;
};

/**
 * Applies `edits` to WHATWG `Headers` in place. Several values of one name are appended one by one, so that
 * `set-cookie` fields stay separate.
 *
 * @throws TypeError when `headers` is immutable, as those of a fetched `Response` are.
 */
export const editHeaders = (
  headers: Headers,
  edits: HeaderEdits,
  alsoDrop: readonly string[] = NONE,
): void => {
  const { drop, fallback, add } = edits;
  for (const name of drop) headers.delete(name);
  for (const name of alsoDrop) headers.delete(name);
  // Absence is judged before anything is added: a fallback may hold a name twice.
  const missing = fallback.length === 0 ? fallback : withoutNames(fallback, headers);
  for (let i = 0; i < missing.length; i += 2) headers.append(missing[i] as string, missing[i + 1] as string);
  for (let i = 0; i < add.length; i += 2) headers.append(add[i] as string, add[i + 1] as string);
};

/** Header fields by lower-case name; a list where a name occurs more than once. */
export type HeaderRecord = Record<string, string | string[]>;

const putAll = (record: HeaderRecord, pairs: HeaderPairs): void => {
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i] as string;
    const value = pairs[i + 1] as string;
    if (name === "__proto__") continue;
    const present = Object.hasOwn(record, name) ? record[name] : undefined;
    if (present === undefined) record[name] = value;
    else record[name] = typeof present === "string" ? [present, value] : [...present, value];
  }
};

/**
 * A new record: `record` (lower-case names) with `edits` applied. For runtimes that build responses from
 * plain records. A field named `__proto__` is left out, whatever the edits say: it can't be a plain property.
 */
export const editRecord = (
  record: Readonly<Record<string, string | readonly string[] | undefined>>,
  edits: HeaderEdits,
  alsoDrop: readonly string[] = NONE,
): HeaderRecord => {
  const { drop, fallback, add } = edits;
  const out: HeaderRecord = {};
  const many = setOfMany(alsoDrop);
  for (const name in record) {
    const value = record[name];
    if (value === undefined || name === "__proto__" || drop.has(name)) continue;
    if (alsoDrop.length > 0 && (many?.has(name) ?? alsoDrop.includes(name))) continue;
    out[name] = typeof value === "string" ? value : value.slice();
  }
  const missing =
    fallback.length === 0 ? fallback : withoutNames(fallback, { has: (name) => Object.hasOwn(out, name) });
  putAll(out, missing);
  putAll(out, add);
  return out;
};
