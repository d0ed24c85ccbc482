import { describe, expect, test } from "vitest";
import { webRandom } from "../../runtimes/fetch/random.ts";
import { seededRandom } from "../../runtimes/memory/mod.ts";

const SUBJECTS = { "the web's": webRandom, "a seed's": () => seededRandom(7) };

describe.each(Object.entries(SUBJECTS))("%s randomness", (_, create) => {
  test("draws floats from 0 up to 1, on either side of the middle", () => {
    const random = create();
    const drawn = Array.from({ length: 2_000 }, () => random.float());
    expect(drawn.every((value) => value >= 0 && value < 1)).toBe(true);
    const low = drawn.filter((value) => value < 0.5).length;
    expect(low).toBeGreaterThan(800);
    expect(low).toBeLessThan(1_200);
  });

  test("draws every whole number below the bound, and no other", () => {
    const random = create();
    const drawn = new Set(Array.from({ length: 500 }, () => random.below(3)));
    expect([...drawn].toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
    expect(random.below(1)).toBe(0);
  });

  test("makes ids of 32 lower-case hexadecimal digits, no two alike", () => {
    const random = create();
    const ids = Array.from({ length: 1_000 }, () => random.id());
    expect(ids.every((id) => /^[\da-f]{32}$/.test(id))).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
