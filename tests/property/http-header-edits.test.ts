import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type HeaderEdits,
  editHeaders,
  editPairs,
  editRecord,
  mergeEdits,
} from "../../src/http/header-edits.ts";

const name = fc.constantFrom("a", "b", "c", "set-cookie", "x-long-name");
const value = fc.constantFrom("1", "2", "3");
const pairsOf = (names: fc.Arbitrary<string>, maxLength = 4): fc.Arbitrary<string[]> =>
  fc.array(fc.tuple(names, value), { maxLength }).map((fields) => fields.flat());
const lower = pairsOf(name);
const mixed = pairsOf(fc.tuple(name, fc.boolean()).map(([text, loud]) => (loud ? text.toUpperCase() : text)));
const someEdits: fc.Arbitrary<HeaderEdits> = fc.record({
  drop: fc.array(name, { maxLength: 3 }).map((names) => new Set(names)),
  fallback: lower,
  add: lower,
});

/** Values by lower-case name, in order. */
const byName = (pairs: readonly string[]): Record<string, string[]> => {
  const fields: Record<string, string[]> = {};
  for (let i = 0; i < pairs.length; i += 2) {
    (fields[(pairs[i] ?? "").toLowerCase()] ??= []).push(pairs[i + 1] ?? "");
  }
  return fields;
};

describe("header edits", () => {
  it("merged do what the two do in turn", () => {
    fc.assert(
      fc.property(mixed, someEdits, someEdits, (pairs, first, second) => {
        expect(byName(editPairs(pairs, mergeEdits(first, second)))).toEqual(
          byName(editPairs(editPairs(pairs, first), second)),
        );
      }),
    );
  });

  it("merge in any grouping", () => {
    fc.assert(
      fc.property(mixed, someEdits, someEdits, someEdits, (pairs, a, b, c) => {
        expect(byName(editPairs(pairs, mergeEdits(mergeEdits(a, b), c)))).toEqual(
          byName(editPairs(pairs, mergeEdits(a, mergeEdits(b, c)))),
        );
      }),
    );
  });

  it("do the same to pairs, Headers and records", () => {
    fc.assert(
      fc.property(mixed, someEdits, fc.array(name, { maxLength: 2 }), (pairs, edits, alsoDrop) => {
        const expected = byName(editPairs(pairs, edits, alsoDrop));
        const headers = new Headers();
        for (let i = 0; i < pairs.length; i += 2) headers.append(pairs[i] ?? "", pairs[i + 1] ?? "");
        editHeaders(headers, edits, alsoDrop);
        for (const key of new Set([...headers.keys(), ...Object.keys(expected)])) {
          const got = key === "set-cookie" ? headers.getSetCookie() : headers.get(key)?.split(", ");
          expect(got).toEqual(expected[key]);
        }
        const record = editRecord(byName(pairs), edits, alsoDrop);
        expect(Object.fromEntries(Object.entries(record).map(([key, text]) => [key, [text].flat()]))).toEqual(
          expected,
        );
      }),
    );
  });

  it("leave neither a dropped field nor a missing one", () => {
    fc.assert(
      fc.property(mixed, someEdits, (pairs, edits) => {
        const before = byName(pairs);
        const after = byName(editPairs(pairs, edits));
        const added = byName(edits.add);
        for (const key of edits.drop) {
          const fallback = byName(edits.fallback)[key] ?? [];
          expect(after[key] ?? []).toEqual([...fallback, ...(added[key] ?? [])]);
        }
        for (const [key, values] of Object.entries(before).filter(([kept]) => !edits.drop.has(kept))) {
          expect(after[key]).toEqual([...values, ...(added[key] ?? [])]);
        }
      }),
    );
  });
});
