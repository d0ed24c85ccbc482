/**
 * The real upstream code under virtual time: balancing, health, breakers, retries, hedging, caps. Each seed makes another
 * set of servers, faults and load. More of them: `npm run simulate`.
 */
import { describe, expect, test } from "vitest";
import { type Sabotage, runSeed } from "./run-seed.ts";

const SEEDS = 200;
const BATCHES = 8;

describe("simulation", () => {
  test.each(Array.from({ length: BATCHES }, (_, i) => i))("holds its invariants, batch %i", async (batch) => {
    const each = SEEDS / BATCHES;
    for (let seed = 1 + batch * each; seed <= (batch + 1) * each; seed++) {
      const { violations } = await runSeed(seed);
      expect(violations, `npm run simulate -- --seed ${seed} --trace`).toEqual([]);
    }
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

describe("invariants", () => {
  test.each<[Sabotage, RegExp]>([
    ["picks anybody", /endpoint .* was picked/],
    ["forgets to settle", /attempts were never settled/],
    ["retries without a budget", /attempts for \d+ requests/],
    ["retries any method", /was sent twice/],
  ])("notice an upstream that %s", async (sabotage, message) => {
    const found: string[] = [];
    for (let seed = 1; seed <= 8; seed++) found.push(...(await runSeed(seed, { sabotage })).violations);
    expect(found.join("\n")).toMatch(message);
  });
});
