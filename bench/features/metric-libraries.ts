/** What `ProxyMetrics` counts of a request, counted by libraries as their documentation shows. */
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Telemetry } from "../../src/core/telemetry.ts";
import { DURATION_BOUNDS } from "../../src/observe/instrument.ts";

type Labels = Record<string, string | number>;

/** Makes instruments. */
interface Library {
  counter(name: string, labels: readonly string[]): (amount: number, values: Labels) => void;
  /** Goes up and down. */
  level(name: string, labels: readonly string[]): (amount: number, values: Labels) => void;
  histogram(
    name: string,
    labels: readonly string[],
    bounds: readonly number[],
  ): (value: number, values: Labels) => void;
}

export const openTelemetry = (): Library => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 31 - 1 });
  const meter = new MeterProvider({ readers: [reader] }).getMeter("bench");
  return {
    counter(name) {
      const made = meter.createCounter(name);
      return (amount, values) => made.add(amount, values);
    },
    level(name) {
      const made = meter.createUpDownCounter(name);
      return (amount, values) => made.add(amount, values);
    },
    histogram(name, _, bounds) {
      const made = meter.createHistogram(name, { advice: { explicitBucketBoundaries: [...bounds] } });
      return (value, values) => made.record(value, values);
    },
  };
};

export const promClient = (): Library => {
  const common = (name: string, labels: readonly string[]) => ({
    name,
    help: name,
    labelNames: [...labels],
    registers: [new Registry()],
  });
  return {
    counter(name, labels) {
      const made = new Counter(common(name, labels));
      return (amount, values) => made.inc(values, amount);
    },
    level(name, labels) {
      const made = new Gauge(common(name, labels));
      return (amount, values) => made.inc(values, amount);
    },
    histogram(name, labels, bounds) {
      const made = new Histogram({ ...common(name, labels), buckets: [...bounds] });
      return (value, values) => made.observe(values, value);
    },
  };
};

const SIZE_BOUNDS = [0, 1_024, 16_384, 262_144, 4_194_304];
const SELECTION_BOUNDS = [1e-6, 1e-5, 1e-4, 1e-3];
const SECOND_MS = 1_000;
const REQUEST = ["method", "scheme", "status", "error", "version", "route"];
const ATTEMPT = ["method", "status", "error", "upstream", "address"];

export const countedBy = (library: Library): Telemetry => {
  const active = library.level("active_requests", ["method", "scheme"]);
  const duration = library.histogram("request_duration", REQUEST, DURATION_BOUNDS);
  const responseSize = library.histogram("response_size", REQUEST, SIZE_BOUNDS);
  const attemptDuration = library.histogram("attempt_duration", ATTEMPT, DURATION_BOUNDS);
  const sent = library.histogram("attempt_sent", ATTEMPT, SIZE_BOUNDS);
  const received = library.histogram("attempt_received", ATTEMPT, SIZE_BOUNDS);
  const reused = library.counter("connections_reused", ["upstream", "address"]);
  const selection = library.histogram("selection_duration", ["upstream"], SELECTION_BOUNDS);
  return {
    exchangeBegan: ({ method, scheme }) => active(1, { method, scheme }),
    exchangeEnded({ head, status, error, route = "", startedAt, endedAt, bytesSent }) {
      const { method, scheme, version = "" } = head;
      active(-1, { method, scheme });
      const values = { method, scheme, status, error: error?.code ?? "", version, route };
      duration((endedAt - startedAt) / SECOND_MS, values);
      responseSize(bytesSent, values);
    },
    attemptEnded(
      { endpoint, exchange },
      { status = 0, error, times, bytesSent, bytesReceived, reused: isReused },
    ) {
      const at = { upstream: endpoint.upstream, address: endpoint.key };
      if (isReused) reused(1, at);
      const values = { method: exchange.arrival.method, status, error: error?.code ?? "", ...at };
      attemptDuration((times.endedAt - times.startedAt) / SECOND_MS, values);
      sent(bytesSent, values);
      received(bytesReceived, values);
    },
    endpointSelected: (upstream, tookMs) => selection(tookMs / SECOND_MS, { upstream }),
  };
};
