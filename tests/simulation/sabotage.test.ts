/** That the simulation's invariants notice broken code. */
import { expect, test } from "vitest";
import { runSeed, scenarioOfSeed } from "./run-seed.ts";
import { type Sabotage, suits } from "./sabotage.ts";

/** Runs in which it must show. */
const RUNS = 6;
const LIMIT_MS = 60_000;

const seedsFor = (sabotage: Sabotage): number[] => {
  const seeds: number[] = [];
  for (let seed = 1; seeds.length < RUNS; seed++) if (suits(scenarioOfSeed(seed), sabotage)) seeds.push(seed);
  return seeds;
};

test.each<[Sabotage, RegExp]>([
  ["picks anybody", /endpoint .* was picked/],
  ["refuses at random", /was left, and the request was refused/],
  ["forgets to settle", /attempts were never settled/],
  ["retries without a budget", /attempts for \d+ requests/],
  ["retries any method", /was sent twice/],
  ["sends many probes", /probes at once/],
  ["exceeds the load bound", /load \d+ over the bound/],
  ["disregards weights", /got \d+ of \d+ requests, expected/],
  ["disregards the limit of an endpoint", /at-limit endpoint .* was picked/],
  ["moves all keys", /key .* went to/],
  ["disregards tiers", /was picked instead of tier/],
  ["disregards cookies", /a cookie for .* led to/],
  ["never closes a breaker", /is left out \(open\) .* after its outage/],
  ["wants many checks", /is left out \(doubted\) .* after its outage/],
  ["ejects for too long", /was ejected for 60000 ms/],
  ["is overwhelmed by retries", /requests failed after the recovery/],
  ["recovers one by one", /is left out \(open\) .* after its outage/],
  ["keeps a low limit", /requests failed after the recovery/],
  ["sheds late", /was shed \([a-z-]+\) after \d+/],
])(
  "an upstream that %s is noticed",
  async (sabotage, message) => {
    const found: string[] = [];
    for (const seed of seedsFor(sabotage)) {
      found.push(...(await runSeed(seed, { sabotage })).violations);
      if (found.some((violation) => message.test(violation))) break;
    }
    expect(found.join("\n")).toMatch(message);
  },
  LIMIT_MS,
);
