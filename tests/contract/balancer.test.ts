import { describe, expect, test } from "vitest";
import { seededRandom } from "../../runtimes/memory/mod.ts";
import { weightedRandom } from "../../src/balance/random.ts";
import { roundRobin } from "../../src/balance/round-robin.ts";
import type { Balancer, Eligible } from "../../src/core/balancer.ts";
import type { Exchange } from "../../src/core/exchange.ts";
import { eligible } from "../support/endpoints.ts";

const SUBJECTS: Readonly<Record<string, () => Balancer>> = {
  "round robin": roundRobin,
  "weighted random": () => weightedRandom(seededRandom(3)),
};
const exchange = {} as Exchange;

const counts = (balancer: Balancer, list: Eligible, picks: number): Readonly<Record<string, number>> => {
  const found: Record<string, number> = Object.fromEntries(list.map(({ upstream }) => [upstream, 0]));
  for (let i = 0; i < picks; i++) {
    const { upstream } = balancer.pick(list, exchange);
    found[upstream] = (found[upstream] ?? 0) + 1;
  }
  return found;
};

describe.each(Object.entries(SUBJECTS))("%s", (_, create) => {
  test("returns one of the endpoints that it was given", () => {
    const balancer = create();
    for (const list of [
      eligible({ a: 1 }),
      eligible({ a: 1, b: 2 }),
      eligible({ c: 0, b: 1 }),
      eligible({ d: 0 }),
    ]) {
      for (let i = 0; i < 20; i++) expect(list).toContain(balancer.pick(list, exchange));
    }
  });

  test("shares by weight", () => {
    const { a = 0, b = 0, c = 0 } = counts(create(), eligible({ a: 6, b: 3, c: 1 }), 5_000);
    expect(a).toBeGreaterThan(2_850);
    expect(a).toBeLessThan(3_150);
    expect(b).toBeGreaterThan(1_400);
    expect(b).toBeLessThan(1_600);
    expect(a + b + c).toBe(5_000);
  });

  test("leaves out weight 0, wherever it stands", () => {
    expect(counts(create(), eligible({ a: 0, b: 1, c: 0, d: 1, e: 0 }), 200)).toMatchObject({
      a: 0,
      c: 0,
      e: 0,
    });
  });

  test("uses a list of zeros evenly", () => {
    const { a = 0, b = 0 } = counts(create(), eligible({ a: 0, b: 0 }), 1_000);
    expect(Math.abs(a - b)).toBeLessThan(120);
  });
});
