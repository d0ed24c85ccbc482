import { describe, expect, test } from "vitest";
import { isClockWrong, renewalTime, retryPause } from "../../../../../runtimes/engine/acme/renewal-time.ts";
import type { Random } from "../../../../../src/core/platform.ts";

const DAY = 86_400_000;
const MINUTE = 60_000;
const random = (fraction: number): Random => ({ float: () => fraction, below: () => 0, id: () => "" });
/** No jitter: pauses are neither longer nor shorter. */
const even = random(0.5);
const VALIDITY = { from: 1_000 * DAY, to: 1_090 * DAY, obtained: 1_000 * DAY + 5_000 };

describe("the time of a renewal", () => {
  test("is two thirds of the lifetime, or up to a fiftieth of it earlier", () => {
    const now = VALIDITY.obtained;
    expect(renewalTime(VALIDITY, now, 0)).toBe(1_060 * DAY);
    expect(renewalTime(VALIDITY, now, 1)).toBeCloseTo(1_058.2 * DAY, -3);
  });

  test.each([
    ["behind", 10 * DAY],
    ["ahead", 1_080 * DAY],
  ])("counts from the order where this machine's clock is far %s", (_, obtained) => {
    expect(isClockWrong({ ...VALIDITY, obtained })).toBe(true);
    expect(renewalTime({ ...VALIDITY, obtained }, obtained, 0)).toBe(obtained + 60 * DAY);
  });

  test("counts from the certificate again, once a clock that was ahead is set right", () => {
    const obtained = 5_000 * DAY;
    expect(renewalTime({ ...VALIDITY, obtained }, 1_010 * DAY, 0)).toBe(1_060 * DAY);
  });

  test("takes a minute of difference for none", () => {
    expect(isClockWrong({ ...VALIDITY, obtained: VALIDITY.from - MINUTE })).toBe(false);
  });
});

describe("the pause after failed attempts", () => {
  const pauses = (restMs: number | undefined, retryAfterMs?: number): number[] =>
    [1, 2, 3, 4, 5, 6, 7, 100].map(
      (failures) => retryPause({ failures, restMs, retryAfterMs }, even) / MINUTE,
    );

  test("grows from a minute to a day", () => {
    expect(pauses(undefined)).toEqual([1, 4, 16, 64, 256, 1_024, 1_440, 1_440]);
  });

  test("allows four attempts in the first hour and no fifth", () => {
    let at = 0;
    const times = [1, 2, 3, 4].map(
      (failures) => (at += retryPause({ failures, restMs: undefined, retryAfterMs: 0 }, random(0))),
    );
    expect(times.filter((time) => time <= 60 * MINUTE)).toHaveLength(3);
  });

  test("is at most a quarter of what the certificate is valid for yet", () => {
    expect(pauses(8 * MINUTE)).toEqual([1, 2, 2, 2, 2, 2, 2, 2]);
  });

  test("grows as without one where the certificate is over", () => {
    expect(pauses(-1)).toEqual(pauses(undefined));
  });

  test("is never shorter than the authority asks", () => {
    expect(pauses(8 * MINUTE, 100 * MINUTE)).toEqual([100, 100, 100, 100, 100, 100, 100, 100]);
  });

  test("differs by a fifth from one proxy to the next", () => {
    const failed = { failures: 1, restMs: undefined, retryAfterMs: undefined };
    expect(retryPause(failed, random(0))).toBe(48_000);
    expect(retryPause(failed, random(1))).toBeCloseTo(72_000);
  });
});
