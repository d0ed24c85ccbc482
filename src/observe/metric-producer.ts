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
import { type HistogramValue, type Point, countOf } from "./metric-reading.ts";
import type { MetricRegistry } from "./metric-registry.ts";
import { SeriesHistory } from "./series-history.ts";

export interface ProducerOptions {
  readonly registry: MetricRegistry;
  /**
   * Of this producer's one reader, which `collect()` does not pass on. With "delta", counters and histograms have what was added
   * since the last collection; series without any are left out. A series that has begun anew since then counts from 0: its delta is
   * all that it holds, and a cumulative value has a start time of its own.
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

/** A point, and the time that its value is of. */
interface Timed {
  readonly point: Point;
  readonly interval: Interval;
}

class RegistryProducer implements MetricProducer {
  readonly #options: ProducerOptions;
  readonly #resource: Resource;
  readonly #history = new SeriesHistory();

  constructor(options: ProducerOptions) {
    this.#options = options;
    this.#resource = resourceFromAttributes(options.resource ?? {});
  }

  async collect(): Promise<CollectionResult> {
    const { registry, startedAt, epoch, temporality, version } = this.#options;
    const readings = await registry.readEverywhere();
    const now = epoch();
    const endTime = hrTime(now);
    const whole = { startTime: hrTime(startedAt()), endTime };
    const { lastAt } = this.#history;
    const sinceLast = lastAt === undefined ? whole : { startTime: hrTime(lastAt), endTime };
    const changeOf = this.#history.collect(now);
    const timed = (instrument: Instrument, point: Point): readonly Timed[] => {
      if (!isAdditive(instrument)) return [{ point, interval: whole }];
      const { since, before } = changeOf(instrument, point);
      if (temporality === "cumulative")
        return [{ point, interval: since === undefined ? whole : { startTime: hrTime(since), endTime } }];
      const value = difference(point.value, before);
      return countOf(value) !== 0
        ? [{ point: { attributes: point.attributes, value }, interval: sinceLast }]
        : [];
    };
    const metrics = readings.flatMap(({ instrument, points }) => {
      const shown = points.flatMap((point) => timed(instrument, point));
      const isDelta = temporality === "delta" && isAdditive(instrument);
      return shown.length === 0 ? [] : [metricOf(instrument, shown, isDelta)];
    });
    return {
      resourceMetrics: {
        resource: this.#resource,
        scopeMetrics: [{ scope: { name: "fairlead", version }, metrics }],
      },
      errors: [],
    };
  }
}

/** Whether deltas make sense: up-down counters and gauges are states, which are sent as they are. */
const isAdditive = ({ kind }: Instrument): boolean => kind === "counter" || kind === "histogram";

const difference = (now: Point["value"], before: Point["value"] | undefined): number | HistogramValue => {
  if (typeof now === "number") return now - (typeof before === "number" ? before : 0);
  return histogramSince(now, before);
};

const metricOf = (instrument: Instrument, points: readonly Timed[], isDelta: boolean): MetricData => {
  const { name, unit, about: description, kind } = instrument;
  const common = {
    descriptor: { name, description, unit, valueType: valueTypeOf(instrument) },
    aggregationTemporality: isDelta ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
  };
  if (kind === "histogram") {
    const dataPoints = points.map((each) => dataPoint(instrument, each, histogramOf(instrument, each.point)));
    return { ...common, dataPointType: DataPointType.HISTOGRAM, dataPoints };
  }
  const dataPoints = points.map((each) => dataPoint(instrument, each, Number(each.point.value)));
  return kind === "gauge"
    ? { ...common, dataPointType: DataPointType.GAUGE, dataPoints }
    : { ...common, dataPointType: DataPointType.SUM, dataPoints, isMonotonic: kind === "counter" };
};

/** Seconds and shares have fractions; everything else is counted. */
const valueTypeOf = ({ unit, kind }: Instrument): ValueType =>
  kind === "histogram" || unit === "s" || unit === "1" ? ValueType.DOUBLE : ValueType.INT;

const dataPoint = <Value>(
  instrument: Instrument,
  { point: { attributes }, interval }: Timed,
  value: Value,
): DataPoint<Value> => ({ ...interval, attributes: attributesOf(instrument, attributes), value });

const histogramOf = ({ bounds = [] }: Instrument, { value }: Point): Histogram => {
  if (typeof value === "number") throw new TypeError("a histogram has no single value");
  const { sum, count, counts } = value;
  return { buckets: { boundaries: [...bounds], counts: [...counts] }, sum, count };
};
