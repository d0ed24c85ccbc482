import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../runtimes/memory/random.ts";
import { roundRobin } from "../../../src/balance/round-robin.ts";
import type { Random } from "../../../src/core/platform.ts";
import type { Balancer } from "../../../src/core/balancer.ts";
import type { EndpointSet } from "../../../src/core/endpoint-state.ts";
import { type SelectionParts, endpointSet, nameOf, selection } from "../../support/endpoints.ts";

const first: Random = { float: () => 0, below: () => 0, id: () => "" };
const sequence = (balancer: Balancer, set: EndpointSet, picks: number, parts: SelectionParts = {}): string =>
  Array.from({ length: picks }, () => nameOf(balancer.pick(set, selection(parts)))).join("");

describe("round robin", () => {
  test("takes equal weights in turn", () => {
    expect(sequence(roundRobin(first), endpointSet({ a: 1, b: 1, c: 1 }), 7)).toBe("abcabca");
  });

  test("interleaves by weight instead of bunching", () => {
    expect(sequence(roundRobin(first), endpointSet({ a: 5, b: 1, c: 1 }), 14)).toBe("abaaacaabaaaca");
  });

  test("begins with a random endpoint", () => {
    const third: Random = { ...first, below: () => 2 };
    expect(sequence(roundRobin(third), endpointSet({ a: 1, b: 1, c: 1 }), 4)).toBe("cabc");
  });

  test("gives each endpoint exactly its weight over every cycle", () => {
    const balancer = roundRobin(first);
    const set = endpointSet({ a: 7, b: 3, c: 2, d: 3 });
    for (let cycle = 0; cycle < 5; cycle++) {
      const picks = sequence(balancer, set, 15);
      expect(["a", "b", "c", "d"].map((name) => picks.split(name).length - 1)).toEqual([7, 3, 2, 3]);
    }
  });

  test("takes the turn of an endpoint that may not be tried from everybody alike", () => {
    const picks = sequence(roundRobin(first), endpointSet({ a: 1, b: 1, c: 1, d: 1 }), 300, {
      eligible: (name) => name !== "b",
    });
    expect(["a", "c", "d"].map((name) => picks.split(name).length - 1)).toEqual([100, 100, 100]);
  });

  test("leaves the turns alone when it fails over", () => {
    const balancer = roundRobin(first);
    const set = endpointSet({ a: 1, b: 1, c: 1 });
    expect(sequence(balancer, set, 1)).toBe("a");
    expect(sequence(balancer, set, 3, { isFailOver: true, eligible: (name) => name === "c" })).toBe("ccc");
    expect(sequence(balancer, set, 2)).toBe("bc");
  });

  const sharesOf = (weights: Readonly<Record<string, number>>, parts: SelectionParts): number[] => {
    const picks = sequence(roundRobin(seededRandom(5)), endpointSet(weights), 6_000, parts);
    return ["x", "y", "z"].map((name) => (picks.split(name).length - 1) / 6_000);
  };

  test("fails over to the others by their weights", () => {
    const [x = 0, y = 0, z] = sharesOf(
      { x: 1, y: 5, z: 5 },
      { isFailOver: true, eligible: (name) => name !== "z" },
    );
    expect(z).toBe(0);
    expect(Math.abs(x * 6 - 1)).toBeLessThan(0.1);
    expect(Math.abs((y * 6) / 5 - 1)).toBeLessThan(0.05);
  });

  test("fails over less to an endpoint in slow start", () => {
    const [x = 0] = sharesOf(
      { x: 1, y: 1 },
      { isFailOver: true, warmth: (name) => (name === "x" ? 0.25 : 1) },
    );
    expect(Math.abs(x * 5 - 1)).toBeLessThan(0.1);
  });

  test("shares by weight where nearly all turns are skipped", () => {
    const failing = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`f${i}`, 100]));
    const [x = 0, y = 0] = sharesOf({ x: 1, y: 5, ...failing }, { eligible: (name) => "xy".includes(name) });
    expect(x + y).toBeCloseTo(1);
    expect(Math.abs(x * 6 - 1)).toBeLessThan(0.15);
  });

  test("gives an endpoint in slow start every tenth turn at a tenth of its share", () => {
    const set = endpointSet({ a: 1, b: 1 });
    const picks = sequence(roundRobin(first), set, 110, { warmth: (name) => (name === "a" ? 0.125 : 1) });
    expect(picks.split("a").length - 1).toBe(12);
  });
});
