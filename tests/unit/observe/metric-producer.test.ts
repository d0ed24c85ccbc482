/** Behind the SDK's own readers and exporters. */
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { describe, expect, it } from "vitest";
import { metricProducer } from "../../../src/observe/metric-producer.ts";
import { MetricRegistry } from "../../../src/observe/metric-registry.ts";
import { instrumentOf } from "../../support/metrics.ts";

const counter = instrumentOf();
const active = instrumentOf({ name: "test.active", kind: "up-down-counter" });
const time = instrumentOf({ name: "test.time", unit: "s", kind: "histogram", bounds: [1, 2] });

/** An SDK that reads `registry` at times that the test sets. */
const reader = (
  registry: MetricRegistry,
  temporality: "cumulative" | "delta",
): { collect(at: number): Promise<Map<string, MetricData>>; resource(): unknown; end(): Promise<void> } => {
  let now = 0;
  const exporter = new InMemoryMetricExporter(
    temporality === "delta" ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
  );
  const producer = metricProducer({
    registry,
    temporality,
    startedAt: () => 1_000.25,
    epoch: () => now,
    version: "1.2.3",
  });
  const periodic = new PeriodicExportingMetricReader({ exporter, metricProducers: [producer] });
  const provider = new MeterProvider({
    readers: [periodic],
    resource: resourceFromAttributes({ "service.name": "edge" }),
  });
  return {
    async collect(at) {
      now = at;
      exporter.reset();
      await periodic.forceFlush();
      const scopes = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
      const own = scopes.filter(({ scope }) => scope.name === "fairlead");
      return new Map(own.flatMap(({ metrics }) => metrics.map((metric) => [metric.descriptor.name, metric])));
    },
    resource: () => exporter.getMetrics()[0]?.resource.attributes,
    end: () => provider.shutdown(),
  };
};

const only = (metric: MetricData | undefined): DataPoint<unknown> | undefined => metric?.dataPoints[0];

describe("producer for a cumulative reader", () => {
  it("tells everything since the start", async () => {
    const registry = new MetricRegistry();
    const sdk = reader(registry, "cumulative");
    registry.sum(counter, ["a", 200]).add(3);
    await sdk.collect(61_000);
    registry.sum(counter, ["a", 200]).add(2);
    const metrics = await sdk.collect(121_000);
    expect(metrics.get("test.things")).toMatchObject({
      descriptor: { name: "test.things", unit: "{thing}", description: "Things of a test" },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      dataPointType: DataPointType.SUM,
      isMonotonic: true,
    });
    expect(only(metrics.get("test.things"))).toEqual({
      attributes: { who: "a", status: 200 },
      startTime: [1, 250_000],
      endTime: [121, 0],
      value: 5,
    });
    expect(sdk.resource()).toMatchObject({ "service.name": "edge" });
    await sdk.end();
  });

  it("tells a histogram's bounds, counts and sum", async () => {
    const registry = new MetricRegistry();
    const sdk = reader(registry, "cumulative");
    for (const seconds of [0.5, 1.5, 9]) registry.histogram(time, ["a", undefined]).record(seconds);
    const metrics = await sdk.collect(61_000);
    expect(only(metrics.get("test.time"))).toMatchObject({
      attributes: { who: "a" },
      value: { buckets: { boundaries: [1, 2], counts: [1, 1, 1] }, sum: 11, count: 3 },
    });
    await sdk.end();
  });
});

describe("producer for a delta reader", () => {
  it("tells what was added since the last collection, and when that was", async () => {
    const registry = new MetricRegistry();
    const sdk = reader(registry, "delta");
    registry.sum(counter, ["a", 200]).add(3);
    registry.histogram(time, ["a", undefined]).record(0.5);
    const first = await sdk.collect(61_000);
    expect(only(first.get("test.things"))).toMatchObject({ startTime: [1, 250_000], value: 3 });
    registry.sum(counter, ["a", 200]).add(2);
    registry.histogram(time, ["a", undefined]).record(1.5);
    const second = await sdk.collect(121_000);
    expect(second.get("test.things")?.aggregationTemporality).toBe(AggregationTemporality.DELTA);
    expect(only(second.get("test.things"))).toMatchObject({
      startTime: [61, 0],
      endTime: [121, 0],
      value: 2,
    });
    expect(only(second.get("test.time"))?.value).toMatchObject({
      buckets: { counts: [0, 1, 0] },
      sum: 1.5,
      count: 1,
    });
    await sdk.end();
  });

  it("leaves out series to which nothing was added", async () => {
    const registry = new MetricRegistry();
    const sdk = reader(registry, "delta");
    registry.sum(counter, ["a", 200]).add(3);
    await sdk.collect(61_000);
    expect([...(await sdk.collect(121_000)).keys()]).toEqual([]);
    await sdk.end();
  });

  it("tells an up-down counter as the state that it is", async () => {
    const registry = new MetricRegistry();
    const sdk = reader(registry, "delta");
    registry.sum(active, ["a", undefined]).add(2);
    await sdk.collect(61_000);
    const metrics = await sdk.collect(121_000);
    expect(metrics.get("test.active")).toMatchObject({
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      isMonotonic: false,
    });
    expect(only(metrics.get("test.active"))?.value).toBe(2);
    await sdk.end();
  });
});

describe.each(["cumulative", "delta"] as const)("producer for a %s reader", (temporality) => {
  /** Where a series of 100 was forgotten at 61 s, and 5 were counted again at 90 s. */
  const forgotten = async (
    again: number,
    isCollectedBetween: boolean,
  ): Promise<{ readonly metrics: Map<string, MetricData>; readonly end: () => Promise<void> }> => {
    let now = 0;
    const registry = new MetricRegistry({ epoch: () => now });
    const sdk = reader(registry, temporality);
    registry.sum(counter, ["a", 200]).add(100);
    for (let i = 0; i < 100; i += 1) registry.histogram(time, ["a", undefined]).record(0.5);
    await sdk.collect(60_000);
    registry.forget(() => true);
    if (isCollectedBetween) await sdk.collect(70_000);
    now = 90_000;
    registry.sum(counter, ["a", 200]).add(again);
    for (let i = 0; i < again; i += 1) registry.histogram(time, ["a", undefined]).record(1.5);
    return { metrics: await sdk.collect(120_000), end: () => sdk.end() };
  };

  it.each([
    ["fewer", 5, false],
    ["as many", 100, false],
    ["more", 105, false],
    ["some, with a collection between,", 5, true],
  ])(
    "begins anew with a series that was forgotten, where %s were counted again",
    async (_, again, between) => {
      const { metrics, end } = await forgotten(again, between);
      const startTime = temporality === "cumulative" ? [90, 0] : [between ? 70 : 60, 0];
      expect(only(metrics.get("test.things"))).toMatchObject({ startTime, value: again });
      expect(only(metrics.get("test.time"))).toMatchObject({
        startTime,
        value: { buckets: { counts: [0, again, 0] }, sum: 1.5 * again, count: again },
      });
      await end();
    },
  );

  it("begins anew with a value that is kept elsewhere and is less than it was", async () => {
    const registry = new MetricRegistry();
    const sdk = reader(registry, temporality);
    let opened = 100;
    registry.observe((observe) => observe(counter, ["a", 200], opened));
    await sdk.collect(60_000);
    opened = 5;
    const second = only((await sdk.collect(120_000)).get("test.things"));
    expect(second).toMatchObject({ startTime: [60, 0], value: 5 });
    opened = 7;
    const third = only((await sdk.collect(180_000)).get("test.things"));
    expect(third).toMatchObject(
      temporality === "cumulative" ? { startTime: [60, 0], value: 7 } : { startTime: [120, 0], value: 2 },
    );
    await sdk.end();
  });
});

describe("two producers of one registry", () => {
  it("each tell their own reader's deltas", async () => {
    const registry = new MetricRegistry();
    const [fast, slow] = [reader(registry, "delta"), reader(registry, "delta")];
    registry.sum(counter, ["a", 200]).add(1);
    await fast.collect(2_000);
    registry.sum(counter, ["a", 200]).add(1);
    expect(only((await fast.collect(3_000)).get("test.things"))?.value).toBe(1);
    expect(only((await slow.collect(3_000)).get("test.things"))?.value).toBe(2);
    await Promise.all([fast.end(), slow.end()]);
  });
});
