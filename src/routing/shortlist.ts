/**
 * Many routes on one host and path that differ in a header, say one for each tenant: asking each for its
 * condition would cost by their number. So each is filed under one value that it asks for, and a request
 * looks up its own values.
 */
import { type Condition, type Place, type RoutableRequest, readValue } from "./condition.ts";
import type { RouteEntry } from "./route-entry.ts";

/** Those of the compiled entries that a request may meet, in their order; leaves out only what it can't meet. */
export type Shortlist<E extends RouteEntry> = (request: RoutableRequest) => readonly E[];

/** Below this many entries asking each is cheaper. */
const WORTHWHILE = 8;

interface Lookup {
  readonly place: Place;
  readonly name: string;
  /** Positions of the entries that ask for a value. */
  readonly byValue: Map<string, number[]>;
}

const labelOf = ({ place, name }: Condition): string => `${place} ${name}`;

const exactConditions = ({ conditions }: RouteEntry): Condition[] =>
  conditions.filter(({ test }) => test.kind === "exact");

/** How many entries ask for an exact value of each name: the more, the fewer values a request has to look up. */
const countNames = (entries: readonly RouteEntry[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const condition of entries.flatMap(exactConditions)) {
    const label = labelOf(condition);
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return counts;
};

const file = (entries: readonly RouteEntry[]): { lookups: readonly Lookup[]; unfiled: readonly number[] } => {
  const counts = countNames(entries);
  const lookups = new Map<string, Lookup>();
  const unfiled: number[] = [];
  entries.forEach((entry, position) => {
    const [key] = exactConditions(entry).sort(
      (a, b) => (counts.get(labelOf(b)) ?? 0) - (counts.get(labelOf(a)) ?? 0),
    );
    if (key?.test.kind !== "exact") {
      unfiled.push(position);
      return;
    }
    const label = labelOf(key);
    const lookup = lookups.get(label) ?? { place: key.place, name: key.name, byValue: new Map() };
    lookups.set(label, lookup);
    const positions = lookup.byValue.get(key.test.value);
    if (positions === undefined) lookup.byValue.set(key.test.value, [position]);
    else positions.push(position);
  });
  return { lookups: [...lookups.values()], unfiled };
};

/** Undefined where asking every entry costs no more. */
export const compileShortlist = <E extends RouteEntry>(entries: readonly E[]): Shortlist<E> | undefined => {
  if (entries.length < WORTHWHILE) return undefined;
  const { lookups, unfiled } = file(entries);
  if (lookups.length * 2 > entries.length) return undefined;
  return (request) => {
    let positions = unfiled;
    for (const { place, name, byValue } of lookups) {
      const value = readValue(request, place, name);
      const found = value === undefined ? undefined : byValue.get(value);
      if (found !== undefined) positions = positions.length === 0 ? found : [...positions, ...found];
    }
    if (positions !== unfiled) positions = [...positions].sort((a, b) => a - b);
    return positions.flatMap((position) => entries[position] ?? []);
  };
};
