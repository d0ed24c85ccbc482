/** The traffic of each second, from the histogram of all requests. */
import { ERROR_KINDS } from "../../src/core/errors.ts";
import type { Clock } from "../../src/core/platform.ts";
import { ERROR } from "../../src/observe/define-instrument.ts";
import type { ProxyMetrics } from "../../src/observe/proxy-metrics.ts";
import { quantileOf } from "../../src/observe/quantile.ts";
import type { Sample } from "./wire.ts";

/** Percentiles of a single second would jump where there is little traffic. */
const WINDOW_MS = 10_000;

/** Counts since the start. */
interface Tally {
  readonly at: number;
  readonly requests: number;
  readonly causes: ReadonlyMap<string, number>;
  readonly buckets: readonly number[];
}

export class TrafficSampler {
  readonly #metrics: () => ProxyMetrics | undefined;
  readonly #clock: Clock;
  /** Those since ten seconds ago, and the last one before them. */
  readonly #earlier: Tally[] = [];

  /** @param metrics gives undefined while nothing is measured: then samples are empty. */
  constructor(metrics: () => ProxyMetrics | undefined, clock: Clock) {
    this.#metrics = metrics;
    this.#clock = clock;
  }

  /** What has ended since the last call. The first call has nothing to compare with. */
  take(): Sample {
    const now = this.#tally();
    const last = this.#earlier.at(-1) ?? now;
    this.#keep(now);
    const [oldest = now] = this.#earlier;
    const causes = [...now.causes]
      .map(([cause, n]) => [cause, n - (last.causes.get(cause) ?? 0)] as const)
      .filter(([, n]) => n > 0);
    return {
      time: this.#clock.epoch(),
      seconds: (now.at - last.at) / 1_000,
      requests: now.requests - last.requests,
      failures: causes.reduce((all, [cause, n]) => (isClientsFault(cause) ? all : all + n), 0),
      causes: Object.fromEntries(causes),
      ...this.#percentiles(now, oldest),
    };
  }

  #percentiles(now: Tally, since: Tally): Pick<Sample, "p50" | "p95" | "p99"> {
    const count = now.requests - since.requests;
    if (count === 0) return {};
    const counts = now.buckets.map((each, index) => each - (since.buckets[index] ?? 0));
    const { bounds = [] } = this.#metrics()?.durations.server ?? {};
    const at = (quantile: number): number | undefined => quantileOf({ count, counts }, bounds, quantile);
    return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
  }

  #tally(): Tally {
    const causes = new Map<string, number>();
    const buckets: number[] = [];
    let requests = 0;
    const metrics = this.#metrics();
    if (metrics !== undefined) {
      const { registry, durations } = metrics;
      const errorAt = durations.server.attributes.indexOf(ERROR);
      registry.visitHistogram(durations.server, (attributes, slots) => {
        let ended = 0;
        // The first slot is the sum of all values.
        for (let index = 1; index < slots.length; index += 1) {
          const count = slots[index] ?? 0;
          ended += count;
          buckets[index - 1] = (buckets[index - 1] ?? 0) + count;
        }
        requests += ended;
        const cause = attributes === "overflow" ? undefined : attributes[errorAt];
        if (cause !== undefined) causes.set(String(cause), (causes.get(String(cause)) ?? 0) + ended);
      });
    }
    return { at: this.#clock.now(), requests, causes, buckets };
  }

  #keep(now: Tally): void {
    const earlier = this.#earlier;
    earlier.push(now);
    while ((earlier[1]?.at ?? now.at) <= now.at - WINDOW_MS) earlier.shift();
  }
}

/** Whether a cause (an error code or a status) is for the client to change. */
const isClientsFault = (cause: string): boolean =>
  Object.hasOwn(ERROR_KINDS, cause) && ERROR_KINDS[cause as keyof typeof ERROR_KINDS].fault === "client";
