/** A registry as a `MetricProducer` of OpenTelemetry's SDK, for any reader and exporter of the SDK. */
import { type HrTime, ValueType } from "@opentelemetry/api";
import { type Resource, resourceFromAttributes } from "@opentelemetry/resources";
import {
  AggregationTemporality,
  type CollectionResult,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type MetricProducer,
} from "@opentelemetry/sdk-metrics";
import { type Attributes, attributesOf } from "./attributes.ts";
import { histogramSince } from "./histogram-since.ts";
import { hrTime } from "./hr-time.ts";
import type { Instrument } from "./instrument.ts";
import { seriesKey } from "./metric-memory.ts";
import type { HistogramValue, MetricRegistry, Point, Reading } from "./metric-registry.ts";

export interface ProducerOptions {
  readonly registry: MetricRegistry;
  /**
   * Of this producer's one reader, which `collect()` does not pass on. With "delta", counters and histograms have what was added
   * since the last collection; series without any are left out.
   */
  readonly temporality: "cumulative" | "delta";
  /** When counting began, in milliseconds since 1970; called at each collection. */
  readonly startedAt: () => number;
  /** Milliseconds since 1970. */
  readonly epoch: () => number;
  /** Resource attributes. A reader of a `MeterProvider` replaces them by the provider's. @default none */
  readonly resource?: Attributes | undefined;
  readonly version: string;
}

/** Make one for each reader: a delta begins at that reader's last collection. */
export const metricProducer = (options: ProducerOptions): MetricProducer => new RegistryProducer(options);

interface Interval {
  readonly startTime: HrTime;
  readonly endTime: HrTime;
}

/** Values at the last collection, by instrument and attributes. */
type Values = Map<string, Point["value"]>;

class RegistryProducer implements MetricProducer {
  readonly #options: ProducerOptions;
  readonly #resource: Resource;
  #last: Values = new Map();
  #lastAt: number | undefined;

  constructor(options: ProducerOptions) {
    this.#options = options;
    this.#resource = resourceFromAttributes(options.resource ?? {});
  }

  async collect(): Promise<CollectionResult> {
    const { registry, startedAt, epoch, temporality, version } = this.#options;
    const now = epoch();
    const endTime = hrTime(now);
    const whole = { startTime: hrTime(startedAt()), endTime };
    const since = { startTime: hrTime(this.#lastAt ?? startedAt()), endTime };
    const seen: Values = new Map();
    const metrics = (await registry.readEverywhere()).flatMap((reading) => {
      const isDelta = temporality === "delta" && isAdditive(reading.instrument);
      const points = isDelta ? this.#changes(reading, seen) : reading.points;
      if (points.length === 0) return [];
      return [metricOf({ instrument: reading.instrument, points }, isDelta, isDelta ? since : whole)];
    });
    this.#last = seen;
    this.#lastAt = now;
    return {
      resourceMetrics: {
        resource: this.#resource,
        scopeMetrics: [{ scope: { name: "fairlead", version }, metrics }],
      },
      errors: [],
    };
  }

  #changes({ instrument, points }: Reading, seen: Values): readonly Point[] {
    return points.flatMap((point) => {
      const key = seriesKey({ instrument: instrument.name, attributes: point.attributes });
      const before = this.#last.get(key);
      seen.set(key, point.value);
      const value = difference(point.value, before);
      return (typeof value === "number" ? value : value.count) === 0
        ? []
        : [{ attributes: point.attributes, value }];
    });
  }
}

/** Whether deltas make sense: up-down counters and gauges are states, which are sent as they are. */
const isAdditive = ({ kind }: Instrument): boolean => kind === "counter" || kind === "histogram";

const difference = (now: Point["value"], before: Point["value"] | undefined): number | HistogramValue => {
  if (typeof now === "number") return now - (typeof before === "number" ? before : 0);
  return histogramSince(now, before);
};

const metricOf = ({ instrument, points }: Reading, isDelta: boolean, interval: Interval): MetricData => {
  const { name, unit, about: description, kind } = instrument;
  const common = {
    descriptor: { name, description, unit, valueType: valueTypeOf(instrument) },
    aggregationTemporality: isDelta ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
  };
  if (kind === "histogram") {
    const dataPoints = points.map((point) =>
      dataPoint(instrument, point, histogramOf(instrument, point), interval),
    );
    return { ...common, dataPointType: DataPointType.HISTOGRAM, dataPoints };
  }
  const dataPoints = points.map((point) => dataPoint(instrument, point, Number(point.value), interval));
  return kind === "gauge"
    ? { ...common, dataPointType: DataPointType.GAUGE, dataPoints }
    : { ...common, dataPointType: DataPointType.SUM, dataPoints, isMonotonic: kind === "counter" };
};

/** Seconds and shares have fractions; everything else is counted. */
const valueTypeOf = ({ unit, kind }: Instrument): ValueType =>
  kind === "histogram" || unit === "s" || unit === "1" ? ValueType.DOUBLE : ValueType.INT;

const dataPoint = <Value>(
  instrument: Instrument,
  { attributes }: Point,
  value: Value,
  interval: Interval,
): DataPoint<Value> => ({ ...interval, attributes: attributesOf(instrument, attributes), value });

const histogramOf = ({ bounds = [] }: Instrument, { value }: Point): Histogram => {
  if (typeof value === "number") throw new TypeError("a histogram has no single value");
  const { sum, count, counts } = value;
  return { buckets: { boundaries: [...bounds], counts: [...counts] }, sum, count };
};
