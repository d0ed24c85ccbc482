/**
 * The real upstream code under virtual time: balancing, health, breakers, retries, hedging, caps. Each seed makes another
 * set of servers, faults and load. More of them: `npm run simulate`.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { FEATURES } from "./run-log.ts";
import { type Run, runSeed } from "./run-seed.ts";

const SEEDS = 200;
const LIMIT_MS = 240_000;

describe("simulation", () => {
  const runs: Run[] = [];

  beforeAll(async () => {
    for (let seed = 1; seed <= SEEDS; seed++) runs.push(await runSeed(seed));
  }, LIMIT_MS);

  test("holds its invariants", () => {
    const failed = runs.flatMap(({ violations }, i) =>
      violations.map((violation) => `npm run simulate -- --seed ${i + 1} --trace: ${violation}`),
    );
    expect(failed).toEqual([]);
  });

  test.each(FEATURES)("exercises %s", (feature) => {
    expect(runs.some(({ features }) => features.has(feature))).toBe(true);
  });

  test("repeats a seed exactly", async () => {
    const lines = async (): Promise<string> => {
      const trace: string[] = [];
      await runSeed(7, { trace: (line) => void trace.push(line) });
      return trace.join("\n");
    };
    const first = await lines();
    expect(first.split("\n").length).toBeGreaterThan(1_000);
    expect(await lines()).toBe(first);
  });
});
