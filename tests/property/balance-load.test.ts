import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../runtimes/memory/random.ts";
import { boundOf, consistentHash } from "../../src/balance/consistent-hash.ts";
import { leastInFlight } from "../../src/balance/least-in-flight.ts";
import { maglevTable } from "../../src/balance/maglev.ts";
import { peakEwma } from "../../src/balance/peak-ewma.ts";
import { ringTable } from "../../src/balance/ring.ts";
import { byLatency, byPriority } from "../../src/balance/tiers.ts";
import { leastLoadedOfTwo } from "../../src/balance/two-choices.ts";
import type { Balancer } from "../../src/core/balancer.ts";
import type { EndpointSet } from "../../src/core/endpoint-state.ts";
import { endpointSet, evenSet, selection } from "../support/endpoints.ts";

const permutations = <T>(values: readonly T[]): T[][] =>
  values.length === 0
    ? [[]]
    : values.flatMap((value, i) =>
        permutations([...values.slice(0, i), ...values.slice(i + 1)]).map((rest) => [value, ...rest]),
      );

const withLoads = (loads: readonly number[]): EndpointSet => {
  const set = evenSet(loads.length);
  for (const [i, member] of set.members.entries()) member.state.inFlight = loads[i] ?? 0;
  return set;
};

const TIERS = [
  ["priority", byPriority],
  ["latency", byLatency],
] as const;

const tiersOfLeast = (tiers: typeof byPriority): Balancer => {
  const random = seededRandom(5);
  return tiers({ inner: () => leastInFlight(random), random });
};

const MULTISETS = [
  [0, 1, 2, 3, 4],
  [0, 0, 1, 1, 2],
  [3, 3, 3, 1, 1],
  [2, 2, 2, 2, 1],
  [5, 5, 5, 5, 5],
];

describe("every permutation of loads", () => {
  test("least in flight picks one of the least loaded, and each of them in turn", () => {
    const balancer = leastInFlight(seededRandom(5));
    for (const loads of MULTISETS.flatMap(permutations)) {
      const set = withLoads(loads);
      const least = Math.min(...loads);
      const picked = new Set<number>();
      for (let i = 0; i < 60; i++) picked.add(balancer.pick(set, selection())?.index ?? -1);
      expect([...picked].map((i) => loads[i])).toEqual([...picked].map(() => least));
      expect(picked.size).toBe(loads.filter((load) => load === least).length);
    }
  });

  test("two choices never pick the most loaded where it is alone", () => {
    const balancer = leastLoadedOfTwo(seededRandom(5));
    for (const loads of permutations([0, 1, 2, 3, 9])) {
      const set = withLoads(loads);
      const picked = new Set<number>();
      for (let i = 0; i < 80; i++) picked.add(loads[balancer.pick(set, selection())?.index ?? -1] ?? -1);
      expect(picked.has(9)).toBe(false);
      expect(picked.has(0)).toBe(true);
    }
  });

  test("peak EWMA, with equal latencies, never picks the most loaded where it is alone, and finds the least", () => {
    const balancer = peakEwma(seededRandom(5));
    for (const loads of permutations([0, 1, 2, 3, 9])) {
      const set = withLoads(loads);
      const picked = new Set<number>();
      for (let i = 0; i < 80; i++) picked.add(loads[balancer.pick(set, selection())?.index ?? -1] ?? -1);
      expect(picked.has(9)).toBe(false);
      expect(picked.has(0)).toBe(true);
    }
  });

  test("peak EWMA, with equal loads, never picks the slowest, and finds the fastest", () => {
    const balancer = peakEwma(seededRandom(5));
    for (const latencies of permutations([5, 10, 20, 40, 900])) {
      const set = withLoads([1, 1, 1, 1, 1]);
      for (const { state, index } of set.members) {
        state.latencyMs = latencies[index] ?? 0;
        state.latencyAt = 0;
      }
      const picked = new Set<number>();
      for (let i = 0; i < 80; i++) {
        picked.add(latencies[balancer.pick(set, selection())?.index ?? -1] ?? -1);
      }
      expect(picked.has(900)).toBe(false);
      expect(picked.has(5)).toBe(true);
    }
  });

  test.each(TIERS)("tiers by %s keep the choice of the policy within them", (_, tiers) => {
    const balancer = tiersOfLeast(tiers);
    for (const loads of MULTISETS.flatMap(permutations)) {
      const picked = loads[balancer.pick(withLoads(loads), selection())?.index ?? -1];
      expect(picked).toBe(Math.min(...loads));
    }
  });

  test.each([ringTable, maglevTable, undefined])("bounded hashing leaves out what is full", (table) => {
    const keyOf = (): string => "key";
    const random = seededRandom(5);
    for (const loads of permutations([0, 1, 2, 3, 9])) {
      const balancer = consistentHash({ table, keyOf, random, bound: 1.5 });
      const member = balancer.pick(withLoads(loads), selection({ inFlight: 15 }));
      // 1.5 × 16 / 5 rounded up: 5 with the new one.
      expect(loads[member?.index ?? -1]).toBeLessThan(5);
    }
  });

  test("peak EWMA weighs latency by the load", () => {
    const balancer = peakEwma(seededRandom(5));
    for (const [latency, load, expected] of [
      [10, 0, 0],
      [10, 5, 1],
      [100, 0, 1],
      [40, 1, 1],
    ] as const) {
      const set = withLoads([load, 0]);
      for (const { state, index } of set.members) {
        state.latencyMs = index === 0 ? latency : 50;
        state.latencyAt = 0;
      }
      expect(balancer.pick(set, selection())?.index).toBe(expected);
    }
  });
});

const WEIGHTS = [1, 2, 3, 5] as const;
/** Attempts in flight at endpoints of these weights. */
const WEIGHED_LOADS = [
  [0, 1, 2, 3],
  [0, 0, 4, 4],
  [1, 2, 3, 5],
  [2, 2, 2, 2],
  [0, 3, 9, 20],
];

const weighted = (loads: readonly number[]): EndpointSet => {
  const set = endpointSet(Object.fromEntries(WEIGHTS.map((weight, i) => [`e${i}`, weight])));
  for (const [i, member] of set.members.entries()) member.state.inFlight = loads[i] ?? 0;
  return set;
};

const pickedOf = (balancer: Balancer, set: EndpointSet, picks: number): ReadonlySet<number> =>
  new Set(Array.from({ length: picks }, () => balancer.pick(set, selection())?.index ?? -1));

describe("every permutation of loads over different weights", () => {
  test("least in flight picks those with the least load for their weight, and each of them", () => {
    const balancer = leastInFlight(seededRandom(5));
    for (const loads of WEIGHED_LOADS.flatMap(permutations)) {
      const relative = loads.map((load, i) => load / (WEIGHTS[i] ?? 1));
      const least = relative.flatMap((each, i) => (each === Math.min(...relative) ? [i] : []));
      expect([...pickedOf(balancer, weighted(loads), 120)].toSorted((a, b) => a - b)).toEqual(least);
    }
  });

  test.each([
    ["two choices", leastLoadedOfTwo],
    ["peak EWMA", peakEwma],
  ] as const)(
    "%s never pick an endpoint that all others beat, and find the one that beats all others",
    (_, create) => {
      const balancer = create(seededRandom(5));
      for (const loads of WEIGHED_LOADS.flatMap(permutations)) {
        const beats = (one: number, other: number): boolean => {
          const [a, b] = [WEIGHTS[one] ?? 1, WEIGHTS[other] ?? 1];
          const unit = Math.min(a, b);
          return Math.floor(((loads[one] ?? 0) * unit) / a) < Math.floor(((loads[other] ?? 0) * unit) / b);
        };
        const all = [0, 1, 2, 3];
        const worst = all.filter((one) => all.every((other) => other === one || beats(other, one)));
        const best = all.filter((one) => all.every((other) => other === one || beats(one, other)));
        const picked = pickedOf(balancer, weighted(loads), 200);
        expect(worst.filter((one) => picked.has(one))).toEqual([]);
        expect(best.filter((one) => !picked.has(one))).toEqual([]);
      }
    },
  );

  test.each(TIERS)("tiers by %s keep the choice of the policy within them", (_, tiers) => {
    const balancer = tiersOfLeast(tiers);
    for (const loads of WEIGHED_LOADS.flatMap(permutations)) {
      const relative = loads.map((load, i) => load / (WEIGHTS[i] ?? 1));
      expect(relative[balancer.pick(weighted(loads), selection())?.index ?? -1]).toBe(Math.min(...relative));
    }
  });

  test.each([
    ["ring hash", ringTable],
    ["maglev", maglevTable],
    ["rendezvous", undefined],
  ])("bounded %s leaves out what has its share", (_, table) => {
    let key = 0;
    const keyOf = (): string => `key${key++}`;
    const random = seededRandom(5);
    const balancer = consistentHash({ table, keyOf, random, bound: 1.5 });
    const set = weighted([]);
    for (const loads of WEIGHED_LOADS.flatMap(permutations)) {
      for (const [i, member] of set.members.entries()) member.state.inFlight = loads[i] ?? 0;
      const inFlight = loads.reduce((sum, load) => sum + load, 0);
      for (let i = 0; i < 10; i++) {
        const member = balancer.pick(set, selection({ inFlight }));
        const weight = member?.endpoint.weight ?? 0;
        expect((member?.state.inFlight ?? 0) + 1).toBeLessThanOrEqual(
          boundOf({ bound: 1.5, inFlight, weight, totalWeight: 11 }),
        );
      }
    }
  });
});

describe("bounded load", () => {
  test("is exceeded by no pick, whatever the keys and weights", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 12 }),
        fc.array(fc.record({ key: fc.integer({ min: 0, max: 3 }), ends: fc.boolean() }), { maxLength: 120 }),
        fc.constantFrom(ringTable, maglevTable, undefined),
        (weights, steps, table) => {
          const set = endpointSet(Object.fromEntries(weights.map((weight, i) => [`e${i}`, weight])));
          const totalWeight = weights.reduce((sum, weight) => sum + weight, 0);
          let key = 0;
          const keyOf = (): string => `key${key}`;
          const balancer = consistentHash({ table, keyOf, random: seededRandom(1), bound: 1.5 });
          let inFlight = 0;
          for (const step of steps) {
            const loaded = set.members.find(({ state }) => state.inFlight > 0);
            if (step.ends && loaded !== undefined) {
              loaded.state.inFlight -= 1;
              inFlight -= 1;
              continue;
            }
            key = step.key;
            const member = balancer.pick(set, selection({ inFlight }));
            if (member === undefined) throw new Error("nobody was picked");
            const { weight } = member.endpoint;
            expect(member.state.inFlight + 1).toBeLessThanOrEqual(
              boundOf({ bound: 1.5, inFlight, weight, totalWeight }),
            );
            member.state.inFlight += 1;
            inFlight += 1;
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
