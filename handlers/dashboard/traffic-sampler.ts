/** The traffic of each second, from the histogram of all requests. */
import { ERROR_KINDS } from "../../src/core/errors.ts";
import type { Clock } from "../../src/core/platform.ts";
import { httpInstruments } from "../../src/observe/http-instruments.ts";
import type { MetricRegistry, Reading } from "../../src/observe/metric-registry.ts";
import { type RequestSummary, summarise } from "../../src/observe/quantile.ts";
import type { Sample } from "./wire.ts";

/** Percentiles of a single second would jump where there is little traffic. */
const WINDOW_MS = 10_000;

const { name: DURATION } = httpInstruments().serverDuration;

interface TimedReading {
  readonly at: number;
  readonly reading: Reading | undefined;
}

export class TrafficSampler {
  /** Undefined where nothing is measured: then all samples are empty. */
  readonly #registry: MetricRegistry | undefined;
  readonly #clock: Clock;
  /** Those since ten seconds ago, and the last one before them. */
  readonly #earlier: TimedReading[] = [];

  constructor(registry: MetricRegistry | undefined, clock: Clock) {
    this.#registry = registry;
    this.#clock = clock;
  }

  /** What has ended since the last call. The first call has nothing to compare with. */
  take(): Sample {
    const now: TimedReading = { at: this.#clock.now(), reading: this.#registry?.readOne(DURATION) };
    const last = this.#earlier.at(-1) ?? now;
    const [oldest = now] = this.#earlier;
    const groups = summed(now, last, ["error.type"]);
    const [lately] = summed(now, oldest, []);
    this.#keep(now);
    const causes = Object.fromEntries(
      groups.flatMap(({ by: [cause], requests }) =>
        cause === undefined || requests === 0 ? [] : [[String(cause), requests]],
      ),
    );
    return {
      time: this.#clock.epoch(),
      seconds: (now.at - last.at) / 1_000,
      requests: groups.reduce((all, { requests }) => all + requests, 0),
      failures: Object.entries(causes).reduce(
        (all, [cause, n]) => (isClientsFault(cause) ? all : all + n),
        0,
      ),
      causes,
      ...(lately !== undefined &&
        lately.requests > 0 && { p50: lately.p50, p95: lately.p95, p99: lately.p99 }),
    };
  }

  #keep(now: TimedReading): void {
    const earlier = this.#earlier;
    earlier.push(now);
    while ((earlier[1]?.at ?? now.at) <= now.at - WINDOW_MS) earlier.shift();
  }
}

const summed = (now: TimedReading, before: TimedReading, by: readonly string[]): readonly RequestSummary[] =>
  now.reading === undefined || now === before ? [] : summarise(now.reading, by, before.reading);

/** Whether a cause (an error code or a status) is for the client to change. */
const isClientsFault = (cause: string): boolean =>
  Object.hasOwn(ERROR_KINDS, cause) && ERROR_KINDS[cause as keyof typeof ERROR_KINDS].fault === "client";
