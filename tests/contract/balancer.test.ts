import { describe, expect, test } from "vitest";
import { seededRandom } from "../../runtimes/memory/random.ts";
import { consistentHash } from "../../src/balance/consistent-hash.ts";
import { type Candidate, customBalancer } from "../../src/balance/custom.ts";
import { leastInFlight } from "../../src/balance/least-in-flight.ts";
import { maglevTable } from "../../src/balance/maglev.ts";
import { peakEwma } from "../../src/balance/peak-ewma.ts";
import { ringTable } from "../../src/balance/ring.ts";
import { roundRobin } from "../../src/balance/round-robin.ts";
import { stickyCookie } from "../../src/balance/sticky.ts";
import { byLatency, byPriority, byRegion, byZone } from "../../src/balance/tiers.ts";
import { leastLoadedOfTwo } from "../../src/balance/two-choices.ts";
import { weightedRandom } from "../../src/balance/weighted-random.ts";
import type { Balancer } from "../../src/core/balancer.ts";
import type { EndpointSet, Member } from "../../src/core/endpoint-state.ts";
import { testExchange } from "../support/attempt.ts";
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
  "bounded ring hash": () => consistentHash({ ...hashing, table: ringTable, bound: 1.5 }),
  "bounded maglev": () => consistentHash({ ...hashing, table: maglevTable, bound: 1.5 }),
  "bounded rendezvous": () => consistentHash({ ...hashing, table: undefined, bound: 1.5 }),
  priority: () => byPriority(inner),
  zone: () => byZone("here", inner),
  latency: () => byLatency(inner),
  region: () => byRegion(() => ["DE", "EU"], inner),
  "sticky cookie": () => sticky().balancer,
  custom: () => customBalancer(byWeight, leastLoadedOfTwo(random)),
  "custom without a choice": () => customBalancer(() => undefined, leastLoadedOfTwo(random)),
  "custom that invents an endpoint": () =>
    customBalancer(([first]) => first && { ...first }, leastLoadedOfTwo(random)),
  "custom that chooses now and then": () => {
    let picks = 0;
    return customBalancer(
      (candidates) => (picks++ % 2 === 0 ? byWeight(candidates) : undefined),
      leastLoadedOfTwo(random),
    );
  },
};

const sticky = () =>
  stickyCookie({
    cookie: "at",
    sign: async (text) => `signed ${text}`,
    otherwise: leastLoadedOfTwo(random),
  });

const byWeight = (candidates: readonly Candidate[]): Candidate | undefined => {
  let left = random.float() * candidates.reduce((sum, { endpoint }) => sum + endpoint.weight, 0);
  return candidates.find(({ endpoint }) => (left -= endpoint.weight) < 0);
};

/** The client has a cookie that nobody signed. */
const asked = (parts: SelectionParts = {}) =>
  selection({ exchange: testExchange({ fields: ["Cookie", "at=forged"] }), ...parts });

const counts = (
  balancer: Balancer,
  set: EndpointSet,
  picks: number,
  parts: SelectionParts = {},
): Readonly<Record<string, number>> => {
  const found: Record<string, number> = Object.fromEntries(set.members.map((member) => [nameOf(member), 0]));
  for (let i = 0; i < picks; i++) {
    const name = nameOf(balancer.pick(set, asked({ now: i, ...parts })));
    found[name] = (found[name] ?? 0) + 1;
  }
  return found;
};

const TOLERANCE = 0.06;
/** Candidates do not show slow start, so that a user's function can't go by it. */
const KNOWS_NO_WARMTH = new Set(["custom", "custom that chooses now and then"]);

describe.each(Object.entries(SUBJECTS))("%s", (name, create) => {
  test("returns a member of the set that it was given", () => {
    const balancer = create();
    for (const set of [endpointSet({ a: 1 }), endpointSet({ a: 1, b: 2 }), endpointSet({ c: 0, b: 1 })]) {
      const endpoints = set.members.map(({ endpoint }) => endpoint);
      for (let i = 0; i < 20; i++) expect(endpoints).toContain(balancer.pick(set, asked())?.endpoint);
    }
  });

  test("returns none where none has weight, or none is eligible, or there is none", () => {
    const balancer = create();
    expect(balancer.pick(endpointSet({ a: 0 }), asked())).toBeUndefined();
    expect(balancer.pick(endpointSet({ a: 0, b: 0 }), asked())).toBeUndefined();
    expect(balancer.pick(endpointSet({ a: 1, b: 1 }), asked({ eligible: () => false }))).toBeUndefined();
    expect(balancer.pick(endpointSet({}), asked())).toBeUndefined();
  });

  test("finds the only eligible endpoint of many", () => {
    const set = endpointSet(
      Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`e${i}`, 1 + (i % 3)])),
    );
    const balancer = create();
    for (const only of ["e0", "e150", "e299"]) {
      for (let i = 0; i < 20; i++) {
        expect(nameOf(balancer.pick(set, asked({ now: i, eligible: (each) => each === only })))).toBe(only);
      }
    }
  });

  test("leaves out weight 0, wherever it stands", () => {
    const found = counts(create(), endpointSet({ a: 0, b: 1, c: 0, d: 1, e: 0 }), 200);
    expect(found).toMatchObject({ a: 0, c: 0, e: 0 });
    expect(found["b"]).toBeGreaterThan(50);
    expect(found["d"]).toBeGreaterThan(50);
  });

  test("shares by weight", () => {
    const found = counts(create(), endpointSet({ a: 6, b: 3, c: 1 }), 10_000);
    expect(Math.abs((found["a"] ?? 0) / 6_000 - 1)).toBeLessThan(TOLERANCE);
    expect(Math.abs((found["b"] ?? 0) / 3_000 - 1)).toBeLessThan(TOLERANCE * 1.5);
    expect(Math.abs((found["c"] ?? 0) / 1_000 - 1)).toBeLessThan(TOLERANCE * 3);
  });

  test("shares by weight among the eligible", () => {
    const found = counts(create(), endpointSet({ a: 1, b: 2, c: 1 }), 6_000, {
      eligible: (each) => each !== "a",
    });
    expect(found["a"]).toBe(0);
    expect(Math.abs((found["c"] ?? 0) / 2_000 - 1)).toBeLessThan(TOLERANCE * 2);
  });

  test.skipIf(KNOWS_NO_WARMTH.has(name))("gives a warming endpoint a growing part of its share", () => {
    const set = endpointSet({ a: 1, b: 1, c: 1, d: 1 });
    const share = (warmth: number): number =>
      (counts(create(), set, 8_000, { warmth: (each) => (each === "a" ? warmth : 1) })["a"] ?? 0) / 2_000;
    const [cold, half] = [share(0.1), share(0.5)];
    expect(cold).toBeGreaterThan(0.05);
    expect(cold).toBeLessThan(0.25);
    expect(half).toBeGreaterThan(0.4);
    expect(half).toBeLessThan(0.72);
  });

  test("shares by weight while attempts are in flight", () => {
    const set = endpointSet({ a: 6, b: 3, c: 1 });
    const balancer = create();
    const inFlight: Member[] = [];
    const found = { a: 0, b: 0, c: 0 };
    for (let i = 0; i < 10_000; i++) {
      const member = balancer.pick(set, asked({ now: i, inFlight: inFlight.length }));
      if (member === undefined) throw new Error("nobody was picked");
      member.state.inFlight += 1;
      inFlight.push(member);
      if (inFlight.length > 40) {
        const [ended] = inFlight.splice(random.below(inFlight.length), 1);
        if (ended !== undefined) ended.state.inFlight -= 1;
      }
      found[nameOf(member) as keyof typeof found] += 1;
    }
    expect(Math.abs(found.a / 6_000 - 1)).toBeLessThan(TOLERANCE);
    expect(Math.abs(found.b / 3_000 - 1)).toBeLessThan(TOLERANCE * 1.5);
    expect(Math.abs(found.c / 1_000 - 1)).toBeLessThan(TOLERANCE * 3);
  });

  test("picks an endpoint where all are warming", () => {
    const set = endpointSet({ a: 1, b: 1 });
    const balancer = create();
    for (let i = 0; i < 200; i++) {
      expect(balancer.pick(set, asked({ now: i, warmth: () => 0.1 }))).toBeDefined();
    }
  });

  test("follows a changed set at once", () => {
    const balancer = create();
    expect(nameOf(balancer.pick(endpointSet({ a: 1 }), asked()))).toBe("a");
    expect(nameOf(balancer.pick(endpointSet({ b: 1 }), asked()))).toBe("b");
  });
});
