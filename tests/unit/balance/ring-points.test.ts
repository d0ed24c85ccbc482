import { describe, expect, test } from "vitest";
import { ringPoints } from "../../../src/balance/ring-points.ts";
import { endpointSet } from "../../support/endpoints.ts";

const pointsOf = (weights: Readonly<Record<string, number>>) => ringPoints(endpointSet(weights).members);
const countOf = (owners: Uint32Array, index: number): number =>
  owners.filter((owner) => owner === index).length;

describe("points of a ring", () => {
  test("are in order, and found by the upper bits of a hash", () => {
    const { hashes, starts, shift } = pointsOf({ a: 3, b: 1, c: 20 });
    expect(hashes).toEqual(hashes.toSorted());
    expect(starts).toHaveLength(2 ** (32 - shift));
    for (const [upper, start] of starts.entries()) {
      const first = upper * 2 ** shift;
      expect(start === 0 || (hashes[start - 1] ?? 0) < first).toBe(true);
      expect(start === hashes.length || (hashes[start] ?? 0) >= first).toBe(true);
    }
  });

  test("are as many as an endpoint's own weight says", () => {
    const { owners } = pointsOf({ a: 1, b: 5, c: 0.1 });
    expect([0, 1, 2].map((index) => countOf(owners, index))).toEqual([160, 800, 16]);
  });

  test("are the same for an endpoint, whatever the others are", () => {
    const hashesOf = (weights: Readonly<Record<string, number>>): Uint32Array => {
      const { hashes, owners } = pointsOf(weights);
      return hashes.filter((_, i) => owners[i] === 0);
    };
    expect(hashesOf({ a: 2 })).toEqual(hashesOf({ a: 2, b: 1, c: 1_000 }));
  });

  test("stay bounded for heavy sets, in proportion to the weights, and at least one each", () => {
    const { owners } = pointsOf({ a: 1_000_000, b: 500_000, c: 1 });
    expect(owners.length).toBeLessThanOrEqual(2 ** 21 + 1);
    expect(owners.length).toBeGreaterThan(2 ** 20);
    expect(countOf(owners, 0) / countOf(owners, 1)).toBeCloseTo(2, 4);
    expect(countOf(owners, 2)).toBe(1);
  });

  test("may be none", () => {
    expect(pointsOf({}).hashes).toHaveLength(0);
  });
});
