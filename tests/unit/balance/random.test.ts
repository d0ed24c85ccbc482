import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../runtimes/memory/random.ts";
import { weightedRandom } from "../../../src/balance/random.ts";
import type { Exchange } from "../../../src/core/exchange.ts";
import { always, endpointSet } from "../../support/endpoints.ts";

const exchange = {} as Exchange;
const counts = (weights: Record<string, number>, picks: number): Record<string, number> => {
  const balancer = weightedRandom(seededRandom(7));
  const list = endpointSet(weights);
  const seen: Record<string, number> = Object.fromEntries(Object.keys(weights).map((name) => [name, 0]));
  for (let i = 0; i < picks; i++) {
    const name = balancer.pick(list, always, exchange)?.upstream ?? "none";
    seen[name] = (seen[name] ?? 0) + 1;
  }
  return seen;
};

describe("random", () => {
  test("repeats its whole sequence under the same seed", () => {
    const run = (): string => {
      const balancer = weightedRandom(seededRandom(3));
      const list = endpointSet({ a: 1, b: 2, c: 3 });
      return Array.from({ length: 24 }, () => balancer.pick(list, always, exchange)?.upstream ?? "none").join(
        "",
      );
    };
    expect(run()).toBe(run());
  });

  test("follows the weights", () => {
    const seen = counts({ a: 1, b: 3 }, 8000);
    expect(seen["b"] ?? 0).toBeGreaterThan(5700);
    expect(seen["b"] ?? 0).toBeLessThan(6300);
  });

  test("never picks weight 0", () => {
    expect(counts({ a: 0, b: 1, c: 0 }, 500)).toEqual({ a: 0, b: 500, c: 0 });
  });

  test("picks the last weighted endpoint where rounding leaves a remainder", () => {
    const balancer = weightedRandom({ float: () => 1 - Number.EPSILON / 4, below: () => 0, id: () => "" });
    expect(balancer.pick(endpointSet({ a: 0.1, b: 0.2, c: 0 }), always, exchange)?.upstream).toBe("b");
  });
});
