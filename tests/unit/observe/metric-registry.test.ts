import { describe, expect, it } from "vitest";
import { MetricRegistry } from "../../../src/observe/metric-registry.ts";
import { SharedMemory, sharedMetrics } from "../../../src/observe/shared-memory.ts";
import { instrumentOf, valueIn } from "../../support/metrics.ts";

const counter = instrumentOf();
const histogram = instrumentOf({ name: "test.time", unit: "s", kind: "histogram", bounds: [1, 2] });

const MEMORIES: readonly (readonly [string, () => MetricRegistry])[] = [
  ["private memory", () => new MetricRegistry()],
  ["shared memory", () => new MetricRegistry({ memory: new SharedMemory(sharedMetrics({ writers: 1 })) })],
];

describe.each(MEMORIES)("registry on %s", (_, create) => {
  it("counts by attributes", () => {
    const registry = create();
    registry.sum(counter, ["a", 200]).add(2);
    registry.sum(counter, ["a", 200]).add(3);
    registry.sum(counter, ["a", "200"]).add(1);
    registry.sum(counter, ["b", undefined]).add(7);
    expect(valueIn(registry, "test.things", ["a", 200])).toBe(5);
    expect(valueIn(registry, "test.things", ["a", "200"])).toBe(1);
    expect(valueIn(registry, "test.things", ["b", undefined])).toBe(7);
  });

  it("counts a value that equals a bound into the bucket of that bound", () => {
    const registry = create();
    const series = registry.histogram(histogram, ["a", 1]);
    for (const value of [0.5, 1, 1.5, 2, 2.5, 100]) series.record(value);
    expect(valueIn(registry, "test.time", ["a", 1])).toEqual({ sum: 107.5, count: 6, counts: [2, 2, 2] });
  });

  it("keeps the last example of each bucket", () => {
    const registry = create();
    const series = registry.histogram(histogram, ["a", 1]);
    const examples = [0.5, 1, 100].map((value, at) => ({ value, traceId: `t${at}`, spanId: "s", at }));
    for (const example of examples) {
      series.record(example.value);
      series.exemplify(example);
    }
    const points = registry.read().find(({ instrument }) => instrument === histogram)?.points;
    expect(points?.map(({ exemplars }) => exemplars)).toEqual([[examples[1], undefined, examples[2]]]);
  });

  it("goes down again where an up-down counter does", () => {
    const registry = create();
    const series = registry.sum(instrumentOf({ kind: "up-down-counter" }), ["a", 1]);
    series.add(1);
    series.add(1);
    series.add(-1);
    expect(valueIn(registry, "test.things", ["a", 1])).toBe(1);
  });

  it("shows a series from the moment that it is bound", () => {
    const registry = create();
    registry.sum(counter, ["bound", 1]);
    expect(valueIn(registry, "test.things", ["bound", 1])).toBe(0);
    expect(valueIn(registry, "test.things", "overflow")).toBeUndefined();
  });

  it("refuses two instruments of one name", () => {
    const registry = create();
    registry.sum(counter, ["a", 1]);
    expect(() => registry.histogram({ ...histogram, name: counter.name }, ["a", 1])).toThrow(/already/);
  });
});

describe("limit of series", () => {
  it("counts what is beyond it in one more series", () => {
    const registry = new MetricRegistry({ maxSeries: 2 });
    for (const who of ["a", "b", "c", "d"]) registry.sum(counter, [who, 1]).add(1);
    registry.sum(counter, ["a", 1]).add(1);
    expect(registry.read()[0]?.points).toEqual([
      { attributes: "overflow", value: 2 },
      { attributes: ["a", 1], value: 2 },
      { attributes: ["b", 1], value: 1 },
    ]);
  });

  it("holds for each instrument by itself", () => {
    const registry = new MetricRegistry({ maxSeries: 1 });
    registry.sum(counter, ["a", 1]).add(1);
    registry.histogram(histogram, ["a", 1]).record(1);
    expect(valueIn(registry, "test.time", ["a", 1])).toMatchObject({ count: 1 });
  });

  it("is where shared memory ends, too", () => {
    const memory = new SharedMemory(sharedMetrics({ writers: 1, columns: 4 }));
    const registry = new MetricRegistry({ memory });
    for (const who of ["a", "b", "c", "d", "e", "f"]) registry.sum(counter, [who, 1]).add(1);
    const values = registry.read()[0]?.points.map(({ value }) => value) as number[];
    expect(values.reduce((sum, value) => sum + value, 0)).toBe(6);
    expect(valueIn(registry, "test.things", "overflow")).toBeGreaterThan(0);
  });
});

describe("full shared memory", () => {
  const full = (): MetricRegistry => {
    const registry = new MetricRegistry({
      memory: new SharedMemory(sharedMetrics({ writers: 1, columns: 16 })),
    });
    registry.know([histogram]);
    for (let i = 0; i < 20; i += 1) registry.sum(counter, [i, 1]).add(1);
    return registry;
  };

  it("has room for what goes beyond it, of each instrument that is known before", () => {
    const registry = full();
    for (const who of ["a", "b"]) registry.histogram(histogram, [who, 1]).record(1);
    expect(valueIn(registry, "test.time", "overflow")).toMatchObject({ count: 2 });
    expect(registry.unshown).toBe(0);
  });

  it("says how much of other instruments nobody is shown", () => {
    const registry = full();
    registry.sum(instrumentOf({ name: "late" }), ["a", 1]).add(3);
    registry.histogram({ ...histogram, name: "late.time" }, ["a", 1]).record(9);
    registry.sum(instrumentOf({ name: "late.state", kind: "up-down-counter" }), ["a", 1]).add(1);
    expect(registry.unshown).toBe(4);
  });
});

describe("observed values", () => {
  it("are looked up with each reading, until nobody observes", () => {
    const registry = new MetricRegistry();
    let open = 1;
    const stop = registry.observe((observe) =>
      observe(instrumentOf({ kind: "gauge" }), ["a", undefined], open),
    );
    expect(valueIn(registry, "test.things", ["a", undefined])).toBe(1);
    open = 5;
    expect(valueIn(registry, "test.things", ["a", undefined])).toBe(5);
    stop();
    expect(registry.read()).toEqual([]);
  });
});

describe("shared memory", () => {
  it("sums up what each writer counted under one name", () => {
    const shared = sharedMetrics({ writers: 2 });
    const [one, two] = [0, 1].map(() => new MetricRegistry({ memory: new SharedMemory(shared) }));
    one?.sum(counter, ["other", 1]).add(1);
    one?.sum(counter, ["both", 1]).add(10);
    two?.sum(counter, ["both", 1]).add(20);
    two?.sum(counter, ["both", 1]).add(0.5);
    for (const registry of [one, two]) {
      expect(registry && valueIn(registry, "test.things", ["both", 1])).toBe(30.5);
    }
    expect(two && valueIn(two, "test.things", ["other", 1])).toBe(1);
  });

  it("keeps what a thread has counted that forgets a series, until the last one forgets it", () => {
    const shared = sharedMetrics({ writers: 2 });
    const make = (row: number): MetricRegistry =>
      new MetricRegistry({ memory: new SharedMemory(shared, row) });
    const [one, two] = [make(0), make(1)];
    one.sum(counter, ["a", 1]).add(10);
    two.sum(counter, ["a", 1]).add(20);
    one.forget(() => true);
    expect(valueIn(one, "test.things", ["a", 1])).toBe(30);
    two.sum(counter, ["a", 1]).add(1);
    // It came back here.
    one.sum(counter, ["a", 1]).add(1);
    two.forget(() => true);
    expect(valueIn(two, "test.things", ["a", 1])).toBe(32);
    one.forget(() => true);
    for (const registry of [one, two]) expect(valueIn(registry, "test.things", ["a", 1])).toBeUndefined();
    two.sum(counter, ["a", 1]).add(5);
    expect(valueIn(one, "test.things", ["a", 1])).toBe(5);
  });

  it("is never full of series that all threads have forgotten", () => {
    const shared = sharedMetrics({ writers: 2, columns: 64 });
    const registries = [0, 1].map((row) => new MetricRegistry({ memory: new SharedMemory(shared, row) }));
    for (let i = 0; i < 500; i += 1) {
      for (const registry of registries) {
        registry.sum(counter, [`name ${i}`, i]).add(1);
        registry.histogram(histogram, [`name ${i}`, i]).record(1);
      }
      for (const registry of registries) {
        expect(valueIn(registry, "test.things", [`name ${i}`, i])).toBe(2);
        expect(valueIn(registry, "test.time", [`name ${i}`, i])).toMatchObject({ count: 2, sum: 2 });
      }
      for (const registry of registries) registry.forget(() => true);
    }
  });

  it("lets a thread forget what the one had before it in its place", () => {
    const shared = sharedMetrics({ writers: 1 });
    new MetricRegistry({ memory: new SharedMemory(shared, 0) }).sum(counter, ["a", 1]).add(1);
    const next = new MetricRegistry({ memory: new SharedMemory(shared, 0) });
    next.know([counter]);
    next.forget(() => true);
    expect(valueIn(next, "test.things", ["a", 1])).toBeUndefined();
  });

  it("refuses a thread for which there is no row", () => {
    const shared = sharedMetrics({ writers: 1 });
    expect(() => new SharedMemory(shared)).not.toThrow();
    expect(() => new SharedMemory(shared)).toThrow(/room for 1 thread/);
  });
});
