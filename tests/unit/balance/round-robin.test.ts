import { describe, expect, test } from "vitest";
import { roundRobin } from "../../../src/balance/round-robin.ts";
import type { Balancer } from "../../../src/core/balancer.ts";
import type { Exchange } from "../../../src/core/exchange.ts";
import { always, endpointSet } from "../../support/endpoints.ts";

const exchange = {} as Exchange;
const sequence = (balancer: Balancer, list: ReturnType<typeof endpointSet>, picks: number): string =>
  Array.from({ length: picks }, () => balancer.pick(list, always, exchange)?.upstream ?? "none").join("");

describe("round robin", () => {
  test("interleaves by weight instead of bunching", () => {
    expect(sequence(roundRobin(), endpointSet({ a: 5, b: 1, c: 1 }), 14)).toBe("aabacaaaabacaa");
  });

  test("takes equal weights in turn", () => {
    expect(sequence(roundRobin(), endpointSet({ a: 1, b: 1, c: 1 }), 7)).toBe("abcabca");
  });

  test("never picks weight 0", () => {
    expect(sequence(roundRobin(), endpointSet({ a: 0, b: 2, c: 1 }), 6)).not.toContain("a");
  });

  test("keeps its place when an endpoint leaves and comes back", () => {
    const balancer = roundRobin();
    const all = endpointSet({ a: 1, b: 1, c: 1 });
    sequence(balancer, all, 4);
    sequence(balancer, endpointSet({ a: 1, c: 1 }), 2);
    const after = sequence(balancer, all, 30);
    for (const name of ["a", "b", "c"]) expect(after.split(name).length - 1).toBeGreaterThanOrEqual(9);
  });

  test("gives each endpoint exactly its weight over every cycle", () => {
    const balancer = roundRobin();
    const list = endpointSet({ a: 7, b: 3, c: 2 });
    for (let cycle = 0; cycle < 5; cycle++) {
      const picks = sequence(balancer, list, 12);
      expect([picks.split("a").length - 1, picks.split("b").length - 1, picks.split("c").length - 1]).toEqual(
        [7, 3, 2],
      );
    }
  });
});
