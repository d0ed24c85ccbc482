import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../runtimes/memory/random.ts";
import { consistentHash } from "../../../src/balance/consistent-hash.ts";
import type { BuildTable } from "../../../src/balance/hash-table.ts";
import { maglevTable } from "../../../src/balance/maglev.ts";
import { ringTable } from "../../../src/balance/ring.ts";
import type { EndpointSet } from "../../../src/core/endpoint-state.ts";
import { endpointSet, evenSet, nameOf, selection } from "../../support/endpoints.ts";

const TABLES: Readonly<Record<string, BuildTable | undefined>> = {
  "ring hash": ringTable,
  maglev: maglevTable,
  rendezvous: undefined,
};
const KEYS = 20_000;

const owners = (
  table: BuildTable | undefined,
  set: EndpointSet,
  eligible?: (name: string) => boolean,
): string[] => {
  let key = 0;
  const balancer = consistentHash({
    table,
    keyOf: () => `user-${key}`,
    random: seededRandom(1),
    bound: Infinity,
  });
  const parts = eligible === undefined ? {} : { eligible };
  return Array.from({ length: KEYS }, (_, i) => {
    key = i;
    return nameOf(balancer.pick(set, selection(parts)));
  });
};

const moved = (before: readonly string[], after: readonly string[]): number =>
  before.filter((owner, i) => owner !== after[i]).length;

const without = (set: EndpointSet, name: string): EndpointSet => ({
  members: set.members
    .filter((member) => nameOf(member) !== name)
    .map(({ endpoint, state }, index) => ({ endpoint, state, index })),
});

/** Share of all keys that move when the endpoint in the middle leaves. */
const movedShare = (table: BuildTable | undefined, count: number): number => {
  const set = evenSet(count);
  return moved(owners(table, set), owners(table, without(set, `e${count >> 1}`))) / KEYS;
};

test.each([100, 1_000])("maglev moves at most 3 %% of all keys in a set of %i", (count) => {
  expect(movedShare(maglevTable, count)).toBeLessThan(0.03);
});

test.each(["ring hash", "rendezvous"])(
  "%s moves no other keys when weights differ, by 100 or by 1",
  (name) => {
    const table = TABLES[name];
    for (const unit of [1, 100]) {
      const set = endpointSet({ e0: unit, e1: 5 * unit, e2: unit, e3: 2 * unit, e4: unit, e5: 3 * unit });
      const before = owners(table, set);
      for (const leaver of ["e0", "e1"]) {
        const after = owners(table, without(set, leaver));
        expect(before.filter((owner, i) => owner !== leaver && owner !== after[i])).toEqual([]);
      }
    }
  },
);

describe.each(Object.entries(TABLES))("%s", (_, table) => {
  test.each(table === maglevTable ? [5, 20] : [5, 20, 100, 1_000])(
    "moves at most 1.1 × the ideal share of keys when one of %i leaves or joins",
    (count) => {
      const set = evenSet(count);
      const before = owners(table, set);
      const leavers = [0, 1, Math.floor(count / 2), count - 1];
      let total = 0;
      for (const leaver of leavers) {
        const after = owners(table, without(set, `e${leaver}`));
        const own = before.filter((owner) => owner === `e${leaver}`).length;
        const all = moved(before, after);
        // Its own keys must move. A joining endpoint is the same change backwards.
        expect(all - own).toBeLessThanOrEqual((0.1 * KEYS) / count);
        total += all;
      }
      expect(total / leavers.length).toBeLessThanOrEqual((1.1 * KEYS) / count);
    },
  );

  test("sends the keys of an endpoint that may not be tried to others, and moves no other key", () => {
    const set = evenSet(10);
    const before = owners(table, set);
    const after = owners(table, set, (name) => name !== "e3");
    expect(after).not.toContain("e3");
    expect(before.filter((owner, i) => owner !== "e3" && owner !== after[i])).toEqual([]);
    expect(new Set(after.filter((_, i) => before[i] === "e3")).size).toBe(9);
  });

  test("gives the same answer in another process", () => {
    expect(owners(table, evenSet(10)).slice(0, 8)).toEqual(owners(table, evenSet(10)).slice(0, 8));
  });
});
