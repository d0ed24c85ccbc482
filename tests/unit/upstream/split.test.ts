import { describe, expect, test } from "vitest";
import { hashKey } from "../../../src/balance/hash-key.ts";
import { stickySplit, weightedSplit } from "../../../src/upstream/split.ts";
import { testExchange } from "../../support/attempt.ts";

const deal = (weights: Record<string, number>, times: number): string => {
  const next = weightedSplit(Object.entries(weights).map(([value, weight]) => ({ value, weight })));
  return Array.from({ length: times }, () => next?.() ?? "-").join("");
};

describe("weighted split", () => {
  test("divides in exact proportion and interleaved", () => {
    expect(deal({ s: 9, c: 1 }, 20).split("c").length - 1).toBe(2);
    expect(deal({ a: 2, b: 1 }, 6)).toBe("abaaba");
  });

  test("gives nothing to weight 0", () => {
    expect(deal({ a: 0, b: 1 }, 5)).toBe("bbbbb");
  });

  test("has nobody to give to when all weights are 0", () => {
    expect(weightedSplit([{ value: "a", weight: 0 }])).toBeUndefined();
    expect(weightedSplit([])).toBeUndefined();
  });
});

describe("sticky split", () => {
  const CLIENTS = 4_000;
  const exchanges = Array.from({ length: CLIENTS }, (_, i) => testExchange({ target: `/client-${i}` }));
  const keyOf = hashKey({ from: "path" });
  const assigned = (weights: Record<string, number>): string[] => {
    const shares = Object.entries(weights).map(([name, weight]) => ({ name, value: name, weight }));
    const of = stickySplit({ shares, keyOf });
    return exchanges.map((exchange) => of?.(exchange) ?? "none");
  };

  test("keeps a client at its upstream, and divides clients by weight", () => {
    const first = assigned({ stable: 90, canary: 10 });
    expect(assigned({ canary: 10, stable: 90 })).toEqual(first);
    const canary = first.filter((name) => name === "canary").length;
    expect(canary).toBeGreaterThan(CLIENTS * 0.08);
    expect(canary).toBeLessThan(CLIENTS * 0.12);
  });

  test("adds clients to a canary that grows, and takes none away", () => {
    const [before, after] = [assigned({ stable: 95, canary: 5 }), assigned({ stable: 80, canary: 20 })];
    expect(before.filter((name, i) => name === "canary" && after[i] !== "canary")).toEqual([]);
    const others = assigned({ stable: 80, canary: 20, other: 10 });
    expect(after.filter((name, i) => name !== others[i] && others[i] !== "other")).toEqual([]);
  });

  test("deals out requests of clients that are not known", () => {
    const shares = [
      { name: "a", value: "a", weight: 1 },
      { name: "b", value: "b", weight: 1 },
    ];
    const of = stickySplit({ shares, keyOf: () => undefined });
    expect([1, 2, 3, 4].map(() => of?.(testExchange()))).toEqual(["a", "b", "a", "b"]);
  });

  test("has nobody to give to when all weights are 0", () => {
    expect(stickySplit({ shares: [{ name: "a", value: "a", weight: 0 }], keyOf })).toBeUndefined();
  });
});
