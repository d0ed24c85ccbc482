/** Updates of metrics, beside OpenTelemetry's own SDK. */
import {
  MeterProvider,
  PeriodicExportingMetricReader,
  InMemoryMetricExporter,
} from "@opentelemetry/sdk-metrics";
import { DURATION_BOUNDS, type Instrument } from "../../src/observe/instrument.ts";
import { MetricRegistry } from "../../src/observe/metric-registry.ts";
import { SharedMemory, sharedMetrics } from "../../src/observe/shared-memory.ts";
import type { Suite } from "./suite.ts";

const counter: Instrument = {
  name: "bench.requests",
  unit: "{request}",
  about: "Requests",
  kind: "counter",
  attributes: ["route", "status"],
};
const histogram: Instrument = {
  ...counter,
  name: "bench.duration",
  unit: "s",
  kind: "histogram",
  bounds: DURATION_BOUNDS,
};

/** As requests of a fast service take: most below 5 ms, some up to a second. */
const DURATIONS = Float64Array.from({ length: 1024 }, (_, i) => 0.002 * (1 + (i % 16 === 0 ? i : i % 3)));

const updates = (registry: MetricRegistry): { count: () => void; record: () => void } => {
  const sum = registry.sum(counter, ["a", 200]);
  const times = registry.histogram(histogram, ["a", 200]);
  let at = 0;
  return {
    count: () => sum.add(1),
    record: () => {
      at = (at + 1) & 1023;
      times.record(DURATIONS[at] as number);
    },
  };
};

const ofSdk = (): { count: () => void; record: () => void } => {
  const exporter = new InMemoryMetricExporter(1);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 31 - 1 });
  const meter = new MeterProvider({ readers: [reader] }).getMeter("bench");
  const sum = meter.createCounter("requests");
  const times = meter.createHistogram("duration", {
    advice: { explicitBucketBoundaries: [...DURATION_BOUNDS] },
  });
  const attributes = { route: "a", status: 200 };
  let at = 0;
  return {
    count: () => sum.add(1, attributes),
    record: () => {
      at = (at + 1) & 1023;
      times.record(DURATIONS[at] as number, attributes);
    },
  };
};

export const suites = (): Suite[] => {
  const own = updates(new MetricRegistry());
  const shared = updates(new MetricRegistry({ memory: new SharedMemory(sharedMetrics({ writers: 4 })) }));
  const sdk = ofSdk();
  return [
    {
      title: "metrics",
      benches: {
        "counter, private memory": own.count,
        "counter, shared memory": shared.count,
        "counter, @opentelemetry/sdk-metrics": sdk.count,
        "histogram, private memory": own.record,
        "histogram, shared memory": shared.record,
        "histogram, @opentelemetry/sdk-metrics": sdk.record,
      },
    },
  ];
};
