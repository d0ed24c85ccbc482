import { describe, expect, it } from "vitest";
import { parseDuration, parseSize } from "../../../src/config/units.ts";

describe("duration", () => {
  it.each([
    [0, 0],
    [250, 250],
    ["250", 250],
    ["250ms", 250],
    ["10s", 10_000],
    ["1.5m", 90_000],
    ["1 h", 3_600_000],
    ["2d", 172_800_000],
  ])("%j is %d ms", (given, expected) => {
    expect(parseDuration(given)).toBe(expected);
  });

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "", "s", "10 seconds", "-1s", "1e3", "10S", null])(
    "%j is none",
    (given) => {
      expect(parseDuration(given)).toBeUndefined();
    },
  );
});

describe("size", () => {
  it.each([
    [1, 1],
    ["64KB", 64_000],
    ["64KiB", 65_536],
    ["64kib", 65_536],
    ["1.5MB", 1_500_000],
    ["1 GiB", 1_073_741_824],
    ["12B", 12],
  ])("%j is %d bytes", (given, expected) => {
    expect(parseSize(given)).toBe(expected);
  });

  it.each([-1, 0.5, "", "KB", "1 KBit", "unlimited", true])("%j is none", (given) => {
    expect(parseSize(given)).toBeUndefined();
  });
});
