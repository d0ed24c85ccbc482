import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LatencyWindow } from "../../src/resilience/latency-window.ts";
import { RateWindow } from "../../src/resilience/rate-window.ts";

/** What a window counts that remembers everything. */
const counted = (events: readonly { at: number; failed: boolean }[], now: number): [number, number] => {
  const first = Math.floor(now / 1_000) - 9;
  const inside = events.filter(({ at }) => Math.floor(at / 1_000) >= first);
  return [inside.filter(({ failed }) => failed).length, inside.length];
};

const gap = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.integer({ min: 900, max: 1_100 }),
  fc.integer({ min: 8_900, max: 11_100 }),
  fc.integer({ min: 0, max: 40_000_000 }),
  fc.double({ min: 0, max: 5_000, noNaN: true }),
);

describe("rate window", () => {
  test("counts the last ten seconds, whatever the gaps between its calls", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e12, noNaN: true }),
        fc.array(fc.record({ gap, failed: fc.boolean(), reads: fc.boolean() }), { maxLength: 60 }),
        (start, steps) => {
          const window = new RateWindow();
          const events: { at: number; failed: boolean }[] = [];
          let now = start;
          for (const step of steps) {
            now += step.gap;
            if (!step.reads) {
              window.add(now, step.failed ? 1 : 0, 1);
              events.push({ at: now, failed: step.failed });
            }
            expect([window.ones(now), window.others(now)]).toEqual(counted(events, now));
          }
        },
      ),
    );
  });
});

describe("latency window", () => {
  /** By the window's own spans of half a minute: the running one and the one before. */
  const inSight = (events: readonly { at: number; ms: number }[], now: number): readonly number[] => {
    const first = Math.floor(now / 30_000) - 1;
    return events.filter(({ at }) => Math.floor(at / 30_000) >= first).map(({ ms }) => ms);
  };

  const isNear = (found: number | undefined, exact: number | undefined): boolean =>
    found === undefined ||
    exact === undefined ||
    (found >= exact * (1 - 1e-9) && found <= exact * 1.25 * (1 + 1e-9));

  test("estimates quantiles of the last spans at most a quarter too high, whatever the gaps", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e12, noNaN: true }),
        fc.array(fc.record({ gap, ms: fc.double({ min: 1, max: 50_000, noNaN: true }) }), {
          maxLength: 120,
        }),
        (start, steps) => {
          const window = new LatencyWindow();
          const events: { at: number; ms: number }[] = [];
          let now = start;
          for (const step of steps) {
            now += step.gap;
            window.observe(now, step.ms);
            events.push({ at: now, ms: step.ms });
            const seen = inSight(events, now).toSorted((a, b) => a - b);
            const found = window.quantile(now, 0.95);
            // Fewer than 20 make no estimate.
            const exact = seen.length < 20 ? undefined : seen[Math.ceil(0.95 * seen.length - 1e-9) - 1];
            expect([found === undefined, isNear(found, exact)]).toEqual([exact === undefined, true]);
          }
        },
      ),
    );
  });
});
