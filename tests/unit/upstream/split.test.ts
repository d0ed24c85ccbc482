import { describe, expect, test } from "vitest";
import { weightedSplit } from "../../../src/upstream/split.ts";

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
