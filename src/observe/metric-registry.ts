/** All series of a process: handed out by instrument and attributes, and read as a whole. */
import { type AttributeValues, type Instrument, slotsOf } from "./instrument.ts";
import { type MetricMemory, PrivateMemory, type SeriesName, type Slots, seriesKey } from "./metric-memory.ts";
import {
  type Observed,
  type ObservedPoint,
  type Point,
  type Reading,
  type SeriesExemplars,
  countOf,
  valueOf,
} from "./metric-reading.ts";
import { HistogramSeries, SumSeries } from "./series.ts";

/** Takes the value of a series at the time of a reading. */
export type Observe = (instrument: Instrument, attributes: AttributeValues, value: number) => void;

/** Looks up values that something else keeps, such as how many connections are open. Never throws. */
export type Observer = (observe: Observe) => void;

export interface MetricOptions {
  /** @default private memory */
  readonly memory?: MetricMemory | undefined;
  /** Most series of an instrument; updates of further ones go into its "overflow" series. @default 2000 */
  readonly maxSeries?: number | undefined;
  /** The time, in milliseconds since 1970. @default series that begin anew have no `startedAt` */
  readonly epoch?: (() => number) | undefined;
  /** What all threads of the process know besides what is in memory, this one included. @default what this thread knows */
  readonly everywhere?: (() => Promise<Observed>) | undefined;
}

const MAX_SERIES = 2_000;

/** The series of one instrument that this thread has asked for. */
interface Family<Series> {
  readonly instrument: Instrument;
  readonly create: (slots: Slots) => Series;
  readonly series: Map<string, { readonly attributes: AttributeValues; readonly series: Series }>;
  readonly overflow: Series;
}

/**
 * Callers ask for a series once, when its route or endpoint is first seen, and keep it: requests look up no series by their
 * attributes.
 */
export class MetricRegistry {
  readonly #memory: MetricMemory;
  readonly #maxSeries: number;
  readonly #sums: Map<string, Family<SumSeries>> = new Map();
  readonly #histograms: Map<string, Family<HistogramSeries>> = new Map();
  readonly #instruments: Map<string, Instrument> = new Map();
  readonly #observers: Set<Observer> = new Set();
  readonly #everywhere: MetricOptions["everywhere"];
  readonly #epoch: MetricOptions["epoch"];
  /** Of instruments that the memory has no room for. */
  readonly #unshown: Map<Instrument, Slots> = new Map();
  #hasForgotten = false;

  constructor(options: MetricOptions = {}) {
    const { memory = new PrivateMemory(), maxSeries = MAX_SERIES, everywhere, epoch } = options;
    this.#memory = memory;
    this.#maxSeries = maxSeries;
    this.#everywhere = everywhere;
    this.#epoch = epoch;
  }

  /** How many values no reading shows, because the memory was full when their instrument was first used. Without up-down counters. */
  get unshown(): number {
    let count = 0;
    for (const [instrument, { values }] of this.#unshown) {
      if (instrument.kind === "up-down-counter") continue;
      count += countOf(valueOf(instrument, values));
    }
    return count;
  }

  /**
   * The series of a counter or an up-down counter.
   *
   * @throws TypeError when another instrument has this name.
   */
  sum(instrument: Instrument, attributes: AttributeValues): SumSeries {
    let family = this.#sums.get(instrument.name);
    if (family === undefined) {
      family = this.#family(instrument, (slots) => new SumSeries(slots));
      this.#sums.set(instrument.name, family);
    }
    return this.#seriesOf(family, attributes);
  }

  /** @throws TypeError when another instrument has this name. */
  histogram(instrument: Instrument, attributes: AttributeValues): HistogramSeries {
    let family = this.#histograms.get(instrument.name);
    if (family === undefined) {
      const bounds = Float64Array.from(instrument.bounds ?? []);
      family = this.#family(instrument, (slots) => new HistogramSeries(slots, bounds));
      this.#histograms.set(instrument.name, family);
    }
    return this.#seriesOf(family, attributes);
  }

  /** Calls `observer` with each reading, until what is returned is called. */
  observe(observer: Observer): () => void {
    this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }

  /**
   * Every series of every instrument, in the order in which instruments were first used. Where threads share the memory, what is
   * counted is that of all of them, and what is observed that of this one.
   */
  read(): readonly Reading[] {
    return this.#readWith(this.observed());
  }

  /** As `read`, with what is observed in all threads. */
  async readEverywhere(): Promise<readonly Reading[]> {
    return this.#readWith(this.#everywhere === undefined ? this.observed() : await this.#everywhere());
  }

  /** What this thread's observers find now, values of the same series added up, and examples that it has recorded. */
  observed(): Observed {
    return { points: this.#observedPoints(), exemplars: [...this.#exemplars()] };
  }

  #observedPoints(): readonly ObservedPoint[] {
    const found = new Map<string, ObservedPoint>();
    const observe: Observe = (instrument, attributes, value) => {
      const { name } = instrument;
      if (!this.#instruments.has(name)) this.#instruments.set(name, instrument);
      const key = seriesKey({ instrument: name, attributes });
      found.set(key, { instrument: name, attributes, value: value + (found.get(key)?.value ?? 0) });
    };
    for (const observer of this.#observers) observer(observe);
    return [...found.values()];
  }

  *#exemplars(): Generator<SeriesExemplars> {
    for (const [instrument, { series, overflow }] of this.#histograms) {
      if (overflow.exemplars !== undefined)
        yield { instrument, attributes: "overflow", exemplars: overflow.exemplars };
      for (const { attributes, series: each } of series.values())
        if (each.exemplars !== undefined) yield { instrument, attributes, exemplars: each.exemplars };
    }
  }

  #readWith(observed: Observed): readonly Reading[] {
    const examples = new Map(observed.exemplars.map((each) => [seriesKey(each), each.exemplars]));
    const points = new Map<Instrument, Point[]>();
    const put = (instrument: Instrument, point: Point): void => {
      const found = points.get(instrument);
      if (found === undefined) points.set(instrument, [point]);
      else found.push(point);
    };
    for (const series of this.#memory.series()) {
      const instrument = this.#instruments.get(series.instrument);
      if (instrument === undefined) continue;
      const value = valueOf(instrument, series.read());
      const isUnused = series.attributes === "overflow" && countOf(value) === 0;
      if (isUnused) continue;
      const { attributes, startedAt } = series;
      put(instrument, { attributes, value, exemplars: examples.get(seriesKey(series)), startedAt });
    }
    for (const { instrument: name, attributes, value } of observed.points) {
      const instrument = this.#instruments.get(name);
      if (instrument !== undefined) put(instrument, { attributes, value });
    }
    return Array.from(points, ([instrument, found]) => ({ instrument, points: found }));
  }

  /**
   * Calls `visit` with every series of one histogram: sum, then the counts of its buckets. The array is valid until `visit` returns.
   * Makes nothing, so it is for readers that come often.
   */
  visitHistogram(
    { name }: Instrument,
    visit: (attributes: SeriesName["attributes"], slots: Float64Array) => void,
  ): void {
    for (const series of this.#memory.series()) {
      if (series.instrument === name) visit(series.attributes, series.read());
    }
  }

  /**
   * Forgets series, so that others may take their places. Callers MUST NOT keep one of them: asked for again, it begins at 0. Where
   * threads share the memory, that is once all of them have forgotten it.
   */
  forget(isGone: (instrument: Instrument, attributes: AttributeValues) => boolean): void {
    // Not only those that this thread has asked for: it may have replaced a lost one, whose claims it inherits.
    this.visitSeries((instrument, attributes) => {
      if (!isGone(instrument, attributes)) return;
      const { name } = instrument;
      const key = JSON.stringify(attributes);
      this.#sums.get(name)?.series.delete(key);
      this.#histograms.get(name)?.series.delete(key);
      this.#hasForgotten = true;
      this.#memory.release({ instrument: name, attributes });
    });
  }

  /** Calls `visit` with every series of the process except "overflow" series. */
  visitSeries(visit: (instrument: Instrument, attributes: AttributeValues) => void): void {
    for (const { instrument: name, attributes } of this.#memory.series()) {
      const instrument = this.#instruments.get(name);
      if (instrument !== undefined && attributes !== "overflow") visit(instrument, attributes);
    }
  }

  /**
   * Adds instruments whose series other threads may have claimed, so that readings include them. Claims the "overflow" series of
   * each, so that none is without one when the memory is full.
   */
  know(instruments: readonly Instrument[]): void {
    for (const instrument of instruments) {
      this.#know(instrument);
      this.#claim(instrument, "overflow");
    }
  }

  #know(instrument: Instrument): void {
    const { name } = instrument;
    const known = this.#instruments.get(name);
    if (known !== undefined && known !== instrument)
      throw new TypeError(`there is an instrument "${name}" already`);
    this.#instruments.set(name, instrument);
  }

  #family<Series>(instrument: Instrument, create: Family<Series>["create"]): Family<Series> {
    this.#know(instrument);
    let slots = this.#claim(instrument, "overflow");
    if (slots === undefined) {
      slots = { values: new Float64Array(slotsOf(instrument)), at: 0 };
      this.#unshown.set(instrument, slots);
    }
    return { instrument, create, series: new Map(), overflow: create(slots) };
  }

  #seriesOf<Series>(family: Family<Series>, attributes: AttributeValues): Series {
    const key = JSON.stringify(attributes);
    const known = family.series.get(key);
    if (known !== undefined) return known.series;
    if (family.series.size >= this.#maxSeries) return family.overflow;
    const slots = this.#claim(family.instrument, attributes);
    if (slots === undefined) return family.overflow;
    const made = family.create(slots);
    family.series.set(key, { attributes, series: made });
    return made;
  }

  #claim(instrument: Instrument, attributes: SeriesName["attributes"]): Slots | undefined {
    // A series can begin anew only after some were forgotten.
    const startedAt = this.#hasForgotten ? this.#epoch?.() : undefined;
    return this.#memory.claim({ instrument: instrument.name, attributes }, slotsOf(instrument), startedAt);
  }
}
