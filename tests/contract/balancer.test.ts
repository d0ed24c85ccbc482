import { describe, expect, test } from "vitest";
import { seededRandom } from "../../runtimes/memory/mod.ts";
import { weightedRandom } from "../../src/balance/random.ts";
import { roundRobin } from "../../src/balance/round-robin.ts";
import type { Balancer } from "../../src/core/balancer.ts";
import type { EndpointSet } from "../../src/core/endpoint-state.ts";
import type { Exchange } from "../../src/core/exchange.ts";
import { always, endpointSet } from "../support/endpoints.ts";

const SUBJECTS: Readonly<Record<string, () => Balancer>> = {
  "round robin": roundRobin,
  "weighted random": () => weightedRandom(seededRandom(3)),
};
const exchange = {} as Exchange;

const counts = (balancer: Balancer, set: EndpointSet, picks: number): Readonly<Record<string, number>> => {
  const found: Record<string, number> = Object.fromEntries(
    set.endpoints.map(({ upstream }) => [upstream, 0]),
  );
  for (let i = 0; i < picks; i++) {
    const upstream = balancer.pick(set, always, exchange)?.upstream ?? "none";
    found[upstream] = (found[upstream] ?? 0) + 1;
  }
  return found;
};

describe.each(Object.entries(SUBJECTS))("%s", (_, create) => {
  test("returns one of the endpoints that it was given", () => {
    const balancer = create();
    for (const set of [endpointSet({ a: 1 }), endpointSet({ a: 1, b: 2 }), endpointSet({ c: 0, b: 1 })]) {
      for (let i = 0; i < 20; i++) expect(set.endpoints).toContain(balancer.pick(set, always, exchange));
    }
  });

  test("returns none where none has weight, or none is eligible, or there is none", () => {
    const balancer = create();
    expect(balancer.pick(endpointSet({ a: 0 }), always, exchange)).toBeUndefined();
    expect(balancer.pick(endpointSet({ a: 0, b: 0 }), always, exchange)).toBeUndefined();
    expect(balancer.pick(endpointSet({ a: 1, b: 1 }), () => false, exchange)).toBeUndefined();
    expect(balancer.pick(endpointSet({}), always, exchange)).toBeUndefined();
  });

  test("leaves out what is not eligible, and shares by weight among the rest", () => {
    const balancer = create();
    const set = endpointSet({ a: 1, b: 2, c: 1 });
    let ofC = 0;
    for (let i = 0; i < 3_000; i++) {
      const picked = balancer.pick(set, ({ upstream }) => upstream !== "a", exchange)?.upstream;
      expect(picked).not.toBe("a");
      if (picked === "c") ofC += 1;
    }
    expect(ofC).toBeGreaterThan(900);
    expect(ofC).toBeLessThan(1_100);
  });

  test("shares by weight", () => {
    const { a = 0, b = 0, c = 0 } = counts(create(), endpointSet({ a: 6, b: 3, c: 1 }), 5_000);
    expect(a).toBeGreaterThan(2_850);
    expect(a).toBeLessThan(3_150);
    expect(b).toBeGreaterThan(1_400);
    expect(b).toBeLessThan(1_600);
    expect(a + b + c).toBe(5_000);
  });

  test("leaves out weight 0, wherever it stands", () => {
    expect(counts(create(), endpointSet({ a: 0, b: 1, c: 0, d: 1, e: 0 }), 200)).toMatchObject({
      a: 0,
      c: 0,
      e: 0,
    });
  });
});
