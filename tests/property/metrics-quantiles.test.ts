import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MetricRegistry } from "../../src/observe/metric-registry.ts";
import { ProxyMetrics } from "../../src/observe/proxy-metrics.ts";
import { quantileOf } from "../../src/observe/quantile.ts";
import { TrafficMeter } from "../../src/observe/traffic.ts";
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
    expect(quantileOf({ count: 0, counts: [0, 0] }, [1], 0.5)).toBeUndefined();
  });
});

describe("traffic", () => {
  const CODES = [undefined, "502", "404", "upstream-reset", "no-route", "superseded"] as const;
  const STATUS = {
    "502": 502,
    "404": 404,
    "upstream-reset": 502,
    "no-route": 404,
    superseded: undefined,
  } as const;

  it("is the sum of the series of a route, with failures that are no fault of the client", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom("a", "b"), fc.constantFrom(...CODES)), { minLength: 1 }),
        (requests) => {
          const metrics = new ProxyMetrics({ epoch: () => 0 });
          const record = (route: string, error: (typeof CODES)[number]): void => {
            const status = error === undefined ? 200 : STATUS[error];
            const attributes = ["GET", "http", status, error, "1.1", undefined, route];
            metrics.registry.histogram(metrics.durations.server, attributes).record(0.02);
          };
          const meter = new TrafficMeter(metrics);
          for (const each of requests) record(...each);
          const reading = meter.read(0);
          for (const name of ["a", "b"]) {
            const own = requests.filter(([route]) => route === name).map(([, error]) => error);
            const traffic = reading.route(name);
            expect(traffic.requests).toBe(own.length);
            expect(traffic.byStatus["2xx"] ?? 0).toBe(own.filter((error) => error === undefined).length);
            expect(traffic.byStatus["5xx"] ?? 0).toBe(
              own.filter((error) => error === "502" || error === "upstream-reset").length,
            );
            expect(traffic.errors["upstream-reset"] ?? 0).toBe(
              own.filter((error) => error === "upstream-reset").length,
            );
            expect(Object.keys(traffic.errors)).not.toContain("502");
          }
          expect(reading.total.requests).toBe(requests.length);
          // Nothing came between this reading and the next.
          expect(meter.read(1_000).total.recent).toEqual({ seconds: 1, requests: 0, failures: 0 });
          for (const each of requests) record(...each);
          const { recent } = meter.read(2_000).total;
          const failures = requests.filter(
            ([, error]) => error === "502" || error === "upstream-reset",
          ).length;
          expect(recent).toMatchObject({ seconds: 2, requests: requests.length, failures });
          expect(recent.p99).toBeGreaterThan(0.01);
          expect(recent.p99).toBeLessThanOrEqual(0.025);
        },
      ),
    );
  });

  it("forgets what was more than a minute ago", () => {
    const metrics = new ProxyMetrics({ epoch: () => 0 });
    const series = metrics.registry.histogram(metrics.durations.client, [
      "GET",
      200,
      undefined,
      "u",
      "h",
      80,
    ]);
    const meter = new TrafficMeter(metrics);
    meter.sample(0);
    series.record(1);
    for (let at = 10_000; at <= 60_000; at += 10_000) meter.sample(at);
    expect(meter.read(60_000).endpoint(["u", "h", 80]).recent).toMatchObject({ seconds: 60, requests: 1 });
    meter.sample(70_000);
    const { requests, recent } = meter.read(71_000).upstream("u");
    expect(requests).toBe(1);
    expect(recent).toEqual({ seconds: 61, requests: 0, failures: 0 });
  });
});
