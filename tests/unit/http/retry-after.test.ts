import { describe, expect, test } from "vitest";
import { retryAfterMs } from "../../../src/http/retry-after.ts";

const NOW = Date.UTC(2030, 0, 1, 12, 0, 0);
const read = (value: string): number | undefined => retryAfterMs(["Retry-After", value], NOW);

describe("Retry-After", () => {
  test("is a number of seconds, however long", () => {
    expect(read("0")).toBe(0);
    expect(read(" 120 ")).toBe(120_000);
    expect(read("99999999999999")).toBeGreaterThan(1e15);
    expect(read("9".repeat(400))).toBe(Infinity);
  });

  test("is a date in each of its three forms", () => {
    expect(read("Tue, 01 Jan 2030 12:00:05 GMT")).toBe(5_000);
    expect(read("Tuesday, 01-Jan-30 12:00:05 GMT")).toBe(5_000);
    expect(read("Tue Jan  1 12:00:05 2030")).toBe(5_000);
    expect(read("Tue, 01 Jan 2030 11:00:00 GMT")).toBe(0);
  });

  test("is nothing where it can't be read", () => {
    const values = ["", "soon", "-5", "1.5", "5s", "0x10", "2030-01-01", "Tue, 99 Foo 2030"];
    expect(values.filter((value) => read(value) !== undefined)).toEqual([]);
    expect(retryAfterMs([], NOW)).toBeUndefined();
  });
});
