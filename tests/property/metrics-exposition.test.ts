import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exposition } from "../../src/observe/exposition.ts";
import { MetricRegistry } from "../../src/observe/metric-registry.ts";
import { type Sample, samplesIn } from "../support/exposition.ts";
import { instrumentOf } from "../support/metrics.ts";

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom("\\", '"', "\n", "n", "}", ",", "=", " ", "é", "\r") }),
);
const counter = instrumentOf({ attributes: ["a.b", "c"] });
const histogram = instrumentOf({
  name: "t",
  unit: "s",
  kind: "histogram",
  attributes: ["a"],
  bounds: [0.5, 1],
});

const find = (samples: readonly Sample[], name: string, labels: Sample["labels"]): number | undefined =>
  samples.find(
    (sample) =>
      sample.name === name &&
      Object.keys(sample.labels).length === Object.keys(labels).length &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  )?.value;

describe.each(["prometheus", "openmetrics"] as const)("exposition in %s", (format) => {
  it("parses back to the same counts, whatever stands in a label", () => {
    const some = fc.uniqueArray(fc.tuple(anyText, anyText, fc.nat()), {
      selector: ([a, c]) => JSON.stringify([a, c]),
      maxLength: 20,
    });
    fc.assert(
      fc.property(some, (series) => {
        const registry = new MetricRegistry();
        for (const [a, c, count] of series) registry.sum(counter, [a, c]).add(count);
        const samples = samplesIn(exposition(registry.read(), format));
        expect(samples).toHaveLength(series.length);
        for (const [a, c, count] of series) {
          expect(find(samples, "test_things_total", { a_b: a, c })).toBe(count);
        }
      }),
    );
  });

  it("has no label twice, whatever attributes are called, and each of their values", () => {
    const anyName = fc.oneof(
      fc.string({ minLength: 1, unit: "binary" }),
      fc.string({ minLength: 1, maxLength: 3, unit: fc.constantFrom("a", "1", ".", "_", ":", "-", "é") }),
    );
    fc.assert(
      fc.property(fc.dictionary(anyName, fc.nat().map(String), { minKeys: 1 }), (resource) => {
        const text = exposition([], format, resource);
        const names = [...text.matchAll(/[{,]([^=,{]*)="/g)].map(([, name]) => name ?? "");
        expect(names).toEqual([...new Set(names)]);
        for (const name of names) expect(name).toMatch(/^[a-zA-Z_][a-zA-Z0-9_]*$/);
        const [info] = samplesIn(text);
        const values = Object.values(info?.labels ?? {}).flatMap((value) => value.split(";"));
        expect(values.toSorted()).toEqual(Object.values(resource).toSorted());
      }),
    );
  });

  it("parses back to the same histogram, with buckets that add up", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 2, noNaN: true }), { minLength: 1 }),
        anyText,
        (values, a) => {
          const registry = new MetricRegistry();
          for (const value of values) registry.histogram(histogram, [a]).record(value);
          const samples = samplesIn(exposition(registry.read(), format));
          const upTo = (bound: number): number => values.filter((value) => value <= bound).length;
          const one = format === "openmetrics" ? "1.0" : "1";
          expect(find(samples, "t_seconds_bucket", { a, le: "0.5" })).toBe(upTo(0.5));
          expect(find(samples, "t_seconds_bucket", { a, le: one })).toBe(upTo(1));
          expect(find(samples, "t_seconds_bucket", { a, le: "+Inf" })).toBe(values.length);
          expect(find(samples, "t_seconds_count", { a })).toBe(values.length);
          expect(find(samples, "t_seconds_sum", { a })).toBe(values.reduce((sum, value) => sum + value, 0));
        },
      ),
    );
  });
});

describe("exposition", () => {
  const registry = new MetricRegistry();
  registry.sum(counter, ["x", 200]).add(1);
  registry.observe((observe) =>
    observe(instrumentOf({ name: "share", unit: "1", kind: "gauge" }), ["x"], 0.5),
  );

  it("is text for Prometheus", () => {
    expect(exposition(registry.read(), "prometheus", { "service.name": "fairlead" })).toBe(
      `# HELP test_things_total Things of a test
# TYPE test_things_total counter
test_things_total{a_b="x",c="200"} 1
# HELP share_ratio Things of a test
# TYPE share_ratio gauge
share_ratio{who="x"} 0.5
# HELP target_info Who reports these metrics
# TYPE target_info gauge
target_info{service_name="fairlead"} 1
`,
    );
  });

  it("joins values of attributes whose names become one label, in the order of the names", () => {
    const resource = { a_b: "2", c: "3", "a.b": "1", "a:b": "4" };
    expect(exposition([], "prometheus", resource)).toContain('target_info{a_b="1;4;2",c="3"} 1');
  });

  it("is OpenMetrics, with units and an end", () => {
    expect(exposition(registry.read(), "openmetrics")).toBe(
      `# HELP test_things Things of a test
# TYPE test_things counter
test_things_total{a_b="x",c="200"} 1
# HELP share_ratio Things of a test
# TYPE share_ratio gauge
# UNIT share_ratio ratio
share_ratio{who="x"} 0.5
# EOF
`,
    );
  });
});
