import { describe, expect, test } from "vitest";
import { seededRandom } from "../../runtimes/memory/random.ts";
import { consistentHash } from "../../src/balance/consistent-hash.ts";
import { customBalancer } from "../../src/balance/custom.ts";
import { leastInFlight } from "../../src/balance/least-in-flight.ts";
import { maglevTable } from "../../src/balance/maglev.ts";
import { peakEwma } from "../../src/balance/peak-ewma.ts";
import { ringTable } from "../../src/balance/ring.ts";
import { roundRobin } from "../../src/balance/round-robin.ts";
import { byLatency, byPriority, byRegion, byZone } from "../../src/balance/tiers.ts";
import { leastLoadedOfTwo } from "../../src/balance/two-choices.ts";
import { weightedRandom } from "../../src/balance/weighted-random.ts";
import type { Balancer } from "../../src/core/balancer.ts";
import type { EndpointSet } from "../../src/core/endpoint-state.ts";
import { type SelectionParts, endpointSet, nameOf, selection } from "../support/endpoints.ts";

const random = seededRandom(3);
const inner = { inner: () => leastLoadedOfTwo(random), random };
/** Without a key, each request is hashed to a random place. */
const hashing = { keyOf: () => undefined, random, bound: Infinity };

const SUBJECTS: Readonly<Record<string, () => Balancer>> = {
  "round robin": () => roundRobin(random),
  "weighted random": () => weightedRandom(random),
  "least in flight": () => leastInFlight(random),
  "two choices": () => leastLoadedOfTwo(random),
  "peak EWMA": () => peakEwma(random),
  "ring hash": () => consistentHash({ ...hashing, table: ringTable }),
  maglev: () => consistentHash({ ...hashing, table: maglevTable }),
  rendezvous: () => consistentHash({ ...hashing, table: undefined }),
  "bounded maglev": () => consistentHash({ ...hashing, table: maglevTable, bound: 1.5 }),
  "bounded rendezvous": () => consistentHash({ ...hashing, table: undefined, bound: 1.5 }),
  priority: () => byPriority(inner),
  zone: () => byZone("here", inner),
  latency: () => byLatency(inner),
  region: () => byRegion(() => ["DE", "EU"], inner),
  custom: () => customBalancer(() => undefined, leastLoadedOfTwo(random)),
};

const counts = (
  balancer: Balancer,
  set: EndpointSet,
  picks: number,
  parts: SelectionParts = {},
): Readonly<Record<string, number>> => {
  const found: Record<string, number> = Object.fromEntries(set.members.map((member) => [nameOf(member), 0]));
  for (let i = 0; i < picks; i++) {
    const name = nameOf(balancer.pick(set, selection({ now: i, ...parts })));
    found[name] = (found[name] ?? 0) + 1;
  }
  return found;
};

/** Peak EWMA takes the cheaper of two for granted: what is idle alike goes to the heavier. */
const BY_COST = new Set(["peak EWMA"]);
/** Points on a ring are random: shares differ by a few per cent. */
const TOLERANCE: Readonly<Record<string, number>> = { "ring hash": 0.15 };

describe.each(Object.entries(SUBJECTS))("%s", (name, create) => {
  const tolerance = TOLERANCE[name] ?? 0.06;

  test("returns a member of the set that it was given", () => {
    const balancer = create();
    for (const set of [endpointSet({ a: 1 }), endpointSet({ a: 1, b: 2 }), endpointSet({ c: 0, b: 1 })]) {
      const endpoints = set.members.map(({ endpoint }) => endpoint);
      for (let i = 0; i < 20; i++) expect(endpoints).toContain(balancer.pick(set, selection())?.endpoint);
    }
  });

  test("returns none where none has weight, or none is eligible, or there is none", () => {
    const balancer = create();
    expect(balancer.pick(endpointSet({ a: 0 }), selection())).toBeUndefined();
    expect(balancer.pick(endpointSet({ a: 0, b: 0 }), selection())).toBeUndefined();
    expect(balancer.pick(endpointSet({ a: 1, b: 1 }), selection({ eligible: () => false }))).toBeUndefined();
    expect(balancer.pick(endpointSet({}), selection())).toBeUndefined();
  });

  test("finds the only eligible endpoint of many", () => {
    const set = endpointSet(
      Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`e${i}`, 1 + (i % 3)])),
    );
    const balancer = create();
    for (const only of ["e0", "e150", "e299"]) {
      for (let i = 0; i < 20; i++) {
        expect(nameOf(balancer.pick(set, selection({ now: i, eligible: (each) => each === only })))).toBe(
          only,
        );
      }
    }
  });

  test("leaves out weight 0, wherever it stands", () => {
    const found = counts(create(), endpointSet({ a: 0, b: 1, c: 0, d: 1, e: 0 }), 200);
    expect(found).toMatchObject({ a: 0, c: 0, e: 0 });
    expect(found["b"]).toBeGreaterThan(50);
    expect(found["d"]).toBeGreaterThan(50);
  });

  test.skipIf(BY_COST.has(name))("shares by weight", () => {
    const found = counts(create(), endpointSet({ a: 6, b: 3, c: 1 }), 10_000);
    expect(Math.abs((found["a"] ?? 0) / 6_000 - 1)).toBeLessThan(tolerance);
    expect(Math.abs((found["b"] ?? 0) / 3_000 - 1)).toBeLessThan(tolerance * 1.5);
    expect(Math.abs((found["c"] ?? 0) / 1_000 - 1)).toBeLessThan(tolerance * 3);
  });

  test.skipIf(BY_COST.has(name))("shares by weight among the eligible", () => {
    const found = counts(create(), endpointSet({ a: 1, b: 2, c: 1 }), 6_000, {
      eligible: (each) => each !== "a",
    });
    expect(found["a"]).toBe(0);
    expect(Math.abs((found["c"] ?? 0) / 2_000 - 1)).toBeLessThan(tolerance * 2);
  });

  test.skipIf(BY_COST.has(name))("gives a warming endpoint a growing part of its share", () => {
    const set = endpointSet({ a: 1, b: 1, c: 1, d: 1 });
    const share = (warmth: number): number =>
      (counts(create(), set, 8_000, { warmth: (each) => (each === "a" ? warmth : 1) })["a"] ?? 0) / 2_000;
    const [cold, half] = [share(0.1), share(0.5)];
    expect(cold).toBeGreaterThan(0.05);
    expect(cold).toBeLessThan(0.25);
    expect(half).toBeGreaterThan(0.4);
    expect(half).toBeLessThan(0.72);
  });

  test("picks an endpoint where all are warming", () => {
    const set = endpointSet({ a: 1, b: 1 });
    const balancer = create();
    for (let i = 0; i < 200; i++) {
      expect(balancer.pick(set, selection({ now: i, warmth: () => 0.1 }))).toBeDefined();
    }
  });

  test("follows a changed set at once", () => {
    const balancer = create();
    expect(nameOf(balancer.pick(endpointSet({ a: 1 }), selection()))).toBe("a");
    expect(nameOf(balancer.pick(endpointSet({ b: 1 }), selection()))).toBe("b");
  });
});
