/** Readings of metrics for tests. */
import type { AttributeValues, Instrument } from "../../src/observe/instrument.ts";
import type { HistogramValue } from "../../src/observe/metric-reading.ts";
import type { MetricRegistry } from "../../src/observe/metric-registry.ts";

/** An instrument that nothing else has. */
export const instrumentOf = (more: Partial<Instrument> = {}): Instrument => ({
  name: "test.things",
  unit: "{thing}",
  about: "Things of a test",
  kind: "counter",
  attributes: ["who", "status"],
  ...more,
});

/** The value of one series; undefined where there is none. */
export const valueIn = (
  registry: MetricRegistry,
  name: string,
  attributes: AttributeValues | "overflow",
): number | HistogramValue | undefined => {
  const points = registry.read().find(({ instrument }) => instrument.name === name)?.points ?? [];
  const wanted = JSON.stringify(attributes);
  return points.find((point) => JSON.stringify(point.attributes) === wanted)?.value;
};
