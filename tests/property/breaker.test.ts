import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../runtimes/memory/random.ts";
import type { Verdict } from "../../src/core/verdict.ts";
import { BREAKER_DEFAULTS, Breaker } from "../../src/resilience/breaker.ts";
import { RetryBudget } from "../../src/resilience/retry-budget.ts";

const verdict = fc.constantFrom<Verdict>("success", "failure", "rate-limited", "neutral");
const gap = fc.oneof(
  fc.integer({ min: 0, max: 400 }),
  fc.integer({ min: 3_000, max: 7_000 }),
  fc.integer({ min: 0, max: 10_000_000 }),
);

describe("breaker", () => {
  test("never has more probes than allowed, never gets stuck, and counts its permits back to none", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        fc.array(
          fc.record({
            gap,
            action: fc.constantFrom("enter", "settle", "health", "sibling"),
            which: fc.nat(),
            verdict,
          }),
          { maxLength: 200 },
        ),
        (seed, steps) => {
          const breaker = new Breaker({ options: BREAKER_DEFAULTS, random: seededRandom(seed) });
          const open: number[] = [];
          let now = 0;
          for (const step of steps) {
            now += step.gap;
            if (step.action === "enter" && breaker.admits(now)) open.push(breaker.enter(now));
            else if (step.action === "health") breaker.checkPassed(now, step.which % 2 === 0);
            else if (step.action === "sibling") breaker.siblingRecovered(now);
            else if (open.length > 0) {
              const [permit = 0] = open.splice(step.which % open.length, 1);
              breaker.settle(permit, step.verdict, now);
            }
            const state = breaker.state(now);
            const probing = state.kind === "half-open" ? state.probing : 0;
            expect(probing).toBeGreaterThanOrEqual(0);
            expect(probing).toBeLessThanOrEqual(3);
          }
          for (const permit of open) breaker.settle(permit, "neutral", now);
          // Whatever happened, it lets probes through within the longest open time, and closes when they succeed.
          now += 360_001;
          for (let i = 0; i < 3; i++) {
            expect(breaker.admits(now)).toBe(true);
            breaker.settle(breaker.enter(now), "success", now);
          }
          expect(breaker.state(now).kind).toBe("closed");
        },
      ),
    );
  });
});

describe("retry budget", () => {
  test("grants at most 20 % of the requests, 10 a second and one second's worth saved up", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ gap, requests: fc.nat({ max: 300 }), retries: fc.nat({ max: 300 }) }), {
          maxLength: 60,
        }),
        (steps) => {
          const budget = new RetryBudget({ ratio: 0.2, perSecond: 10 });
          let [now, requests, granted] = [0, 0, 0];
          for (const step of steps) {
            now += step.gap;
            for (let i = 0; i < step.requests; i++) budget.deposit(now);
            requests += step.requests;
            for (let i = 0; i < step.retries; i++) if (budget.withdraw(now)) granted += 1;
            expect(granted).toBeLessThanOrEqual(0.2 * requests + 10 * (now / 1_000 + 1) + 1e-6);
          }
        },
      ),
    );
  });

  test("forgets what requests earned after ten seconds", () => {
    const budget = new RetryBudget({ ratio: 0.2, perSecond: 0 });
    for (let i = 0; i < 100; i++) budget.deposit(0);
    expect(budget.available(9_999)).toBe(20);
    expect(budget.available(10_000)).toBe(0);
    for (let i = 0; i < 4; i++) budget.deposit(20_000);
    expect(budget.withdraw(20_000)).toBe(false);
    budget.deposit(20_000);
    expect(budget.withdraw(20_000)).toBe(true);
    expect(budget.withdraw(20_000)).toBe(false);
  });

  test("grants a quiet upstream its first retry", () => {
    const budget = new RetryBudget({ ratio: 0.2, perSecond: 10 });
    budget.deposit(5_000);
    expect(budget.withdraw(5_000)).toBe(true);
  });
});
