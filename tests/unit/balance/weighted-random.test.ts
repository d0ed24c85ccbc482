import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../runtimes/memory/random.ts";
import { weightedRandom } from "../../../src/balance/weighted-random.ts";
import { endpointSet, nameOf, selection } from "../../support/endpoints.ts";

describe("weighted random", () => {
  test("repeats its whole sequence under the same seed", () => {
    const run = (): string => {
      const balancer = weightedRandom(seededRandom(3));
      const set = endpointSet({ a: 1, b: 2, c: 3 });
      return Array.from({ length: 24 }, () => nameOf(balancer.pick(set, selection()))).join("");
    };
    expect(run()).toBe(run());
  });

  test("shares by weight where weights lie far apart", () => {
    const balancer = weightedRandom(seededRandom(7));
    const set = endpointSet({ a: 1000, b: 1, c: 0.5 });
    const found: Record<string, number> = {};
    for (let i = 0; i < 1_000_000; i++) {
      const name = nameOf(balancer.pick(set, selection()));
      found[name] = (found[name] ?? 0) + 1;
    }
    expect(found["b"]).toBeGreaterThan(900);
    expect(found["b"]).toBeLessThan(1_100);
    expect(found["c"]).toBeGreaterThan(430);
    expect(found["c"]).toBeLessThan(570);
  });
});
