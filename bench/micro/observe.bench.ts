/** Updates of metrics, beside OpenTelemetry's own SDK. */
import {
  MeterProvider,
  PeriodicExportingMetricReader,
  InMemoryMetricExporter,
} from "@opentelemetry/sdk-metrics";
import { DURATION_BOUNDS, type Instrument } from "../../src/observe/instrument.ts";
import { MetricRegistry } from "../../src/observe/metric-registry.ts";
import { SharedMemory, sharedMetrics } from "../../src/observe/shared-memory.ts";
import { requestHead } from "../../tests/support/head.ts";
import type { Attempt } from "../../src/core/exchange.ts";
import type { Outcome } from "../../src/core/outcome.ts";
import { ProxyMetrics } from "../../src/observe/proxy-metrics.ts";
import { createEndpoint } from "../../src/upstream/endpoint.ts";
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

/** All that is counted of a GET that one attempt answers: from its beginning to its end, by series that are known. */
const wholeRequest = (): (() => void) => {
  const { telemetry } = new ProxyMetrics({ epoch: () => 0 });
  const head = requestHead();
  const endpoint = createEndpoint({
    upstream: "bench",
    url: "http://10.0.0.1:3000",
    weight: 1,
    tls: undefined,
    pool: { connections: Infinity, idle: 1, keepAliveMs: 1 },
  });
  const attempt = { endpoint, exchange: { arrival: head } } as Attempt;
  const outcome: Outcome = {
    ending: "complete",
    progress: "done",
    status: 200,
    error: undefined,
    bytesSent: 0,
    bytesReceived: 1024,
    reused: true,
    times: { startedAt: 0, connectedAt: 0, headAt: 2, endedAt: 3 },
  };
  const end = {
    head,
    route: "bench",
    routePath: "/*",
    status: 200,
    error: undefined,
    isTunnel: false,
    bytesSent: 1024,
    startedAt: 0,
    endedAt: 3,
  };
  return () => {
    telemetry.exchangeBegan(head);
    telemetry.endpointSelected("bench", 0.001);
    telemetry.attemptEnded(attempt, outcome);
    telemetry.exchangeEnded(end);
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
        "everything counted of a request and its attempt": wholeRequest(),
      },
    },
  ];
};
