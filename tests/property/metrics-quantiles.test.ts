import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MetricRegistry } from "../../src/observe/metric-registry.ts";
import { quantileOf, summarise } from "../../src/observe/quantile.ts";
import { instrumentOf } from "../support/metrics.ts";

const BOUNDS = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
const duration = instrumentOf({
  name: "test.time",
  unit: "s",
  kind: "histogram",
  attributes: ["route", "error.type"],
  bounds: BOUNDS,
});

/** Nearest rank. */
const exact = (values: readonly number[], quantile: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)] ?? Number.NaN;
};

const bucketOf = (value: number): number => {
  const index = BOUNDS.findIndex((bound) => value <= bound);
  return index === -1 ? BOUNDS.length : index;
};

describe("quantiles of a histogram", () => {
  it("lie in the bucket of the exact quantile", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { minLength: 1, maxLength: 300 }),
        fc.constantFrom(0.5, 0.9, 0.95, 0.99, 1),
        (values, quantile) => {
          const registry = new MetricRegistry();
          const series = registry.histogram(duration, ["a", undefined]);
          for (const value of values) series.record(value);
          const value = registry.read()[0]?.points[0]?.value;
          if (value === undefined || typeof value === "number") throw new Error("no histogram");
          const estimate = quantileOf(value, BOUNDS, quantile) ?? Number.NaN;
          const bucket = bucketOf(exact(values, quantile));
          expect(estimate).toBeGreaterThanOrEqual(BOUNDS[bucket - 1] ?? 0);
          expect(estimate).toBeLessThanOrEqual(BOUNDS[bucket] ?? Infinity);
        },
      ),
    );
  });

  it("are undefined where nothing was measured", () => {
    expect(quantileOf({ sum: 0, count: 0, counts: [0, 0] }, [1], 0.5)).toBeUndefined();
  });
});

describe("summary", () => {
  it("is the sum of the series that it is by, and of failures those with an error", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.constantFrom("a", "b"), fc.boolean(), fc.double({ min: 0, max: 9, noNaN: true })),
          {
            minLength: 1,
          },
        ),
        (requests) => {
          const registry = new MetricRegistry();
          for (const [route, failed, seconds] of requests) {
            registry.histogram(duration, [route, failed ? "upstream-reset" : undefined]).record(seconds);
          }
          const [reading] = registry.read();
          const summaries = reading === undefined ? [] : summarise(reading, ["route"]);
          for (const { by, requests: count, failures, successRate } of summaries) {
            const own = requests.filter(([route]) => route === by[0]);
            const failed = own.filter(([, isFailed]) => isFailed).length;
            expect([count, failures]).toEqual([own.length, failed]);
            expect(successRate).toBeCloseTo(1 - failed / own.length);
          }
          expect(summaries.map(({ by }) => String(by[0])).toSorted((a, b) => a.localeCompare(b))).toEqual(
            [...new Set<string>(requests.map(([route]) => route))].toSorted((a, b) => a.localeCompare(b)),
          );
        },
      ),
    );
  });

  it("leaves out what an earlier reading held", () => {
    const registry = new MetricRegistry();
    registry.histogram(duration, ["a", undefined]).record(9);
    const [before] = registry.read();
    registry.histogram(duration, ["a", undefined]).record(0.001);
    const [now] = registry.read();
    const [summary] = now === undefined ? [] : summarise(now, ["route"], before);
    expect(summary).toMatchObject({ by: ["a"], requests: 1, failures: 0, successRate: 1 });
    expect(summary?.p99).toBeLessThanOrEqual(0.005);
  });
});
