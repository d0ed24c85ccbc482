import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
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
