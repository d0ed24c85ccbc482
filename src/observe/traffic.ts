/** How requests went, by route, upstream and endpoint: since the start, and lately. */
import { ERROR_KINDS, type ErrorCode } from "../core/errors.ts";
import { ERROR, ROUTE, STATUS } from "./define-instrument.ts";
import type { AttributeValues, Instrument } from "./instrument.ts";
import type { ProxyMetrics } from "./proxy-metrics.ts";
import { quantileOf } from "./quantile.ts";

/** Counts since the start, and how it went lately. */
export interface Traffic {
  readonly requests: number;
  /** By class: `{ "2xx": 10, "5xx": 1 }`. Left out: classes without any. */
  readonly byStatus: Readonly<Record<string, number>>;
  /** By cause (`connect-failed`, `circuit-open`, …), of failures with a cause in the proxy's own table. */
  readonly errors: Readonly<Record<string, number>>;
  readonly recent: RecentTraffic;
}

/** The same in the window that ends now: about a minute, less after a start. */
export interface RecentTraffic {
  /** Length of the window. */
  readonly seconds: number;
  readonly requests: number;
  /** Of those, how many failed through no fault of the client. */
  readonly failures: number;
  /** Seconds, interpolated inside of a histogram's bucket; left out without requests. */
  readonly p50?: number | undefined;
  readonly p95?: number | undefined;
  readonly p99?: number | undefined;
}

/** One reading. */
export interface TrafficReading {
  /** Of all requests, refused ones included. */
  readonly total: Traffic;
  route(name: string): Traffic;
  upstream(name: string): Traffic;
  /** @param endpoint values of upstream, address and port. */
  endpoint(endpoint: AttributeValues): Traffic;
}

const WINDOW_MS = 60_000;
/** Windows begin where counts were noted, so that they are up to this much longer. */
export const SAMPLE_MS = 10_000;
const SECOND_MS = 1_000;

/** Counts of one group of series since the start. */
interface Tally {
  requests: number;
  failures: number;
  readonly byStatus: Record<string, number>;
  readonly errors: Record<string, number>;
  readonly buckets: number[];
}

type Tallies = ReadonlyMap<string, Tally>;

/** Counts as they were. */
interface Sample {
  readonly at: number;
  readonly tallies: Tallies;
}

const TOTAL = "total";
const routeKey = (name: string): string => `route ${name}`;
const upstreamKey = (name: string): string => `upstream ${name}`;
const endpointKey = (endpoint: AttributeValues): string => `endpoint ${JSON.stringify(endpoint)}`;

/** Reads the histograms of durations. Costs by the number of their series, and nothing while nobody calls it. */
export class TrafficMeter {
  readonly #metrics: ProxyMetrics;
  readonly #samples: Sample[] = [];

  constructor(metrics: ProxyMetrics) {
    this.#metrics = metrics;
  }

  /** Notes the counts at `now`, in milliseconds: windows may begin here. Call it every `SAMPLE_MS` at least. */
  sample(now: number): void {
    this.#keep({ at: now, tallies: this.#tallies() });
  }

  read(now: number): TrafficReading {
    const current = this.#tallies();
    this.#keep({ at: now, tallies: current });
    const [base] = this.#samples;
    const seconds = (now - (base?.at ?? now)) / SECOND_MS;
    const { bounds = [] } = this.#metrics.durations.server;
    const of = (key: string): Traffic =>
      trafficOf(current.get(key), base?.tallies.get(key), { seconds, bounds });
    return {
      total: of(TOTAL),
      route: (name) => of(routeKey(name)),
      upstream: (name) => of(upstreamKey(name)),
      endpoint: (endpoint) => of(endpointKey(endpoint)),
    };
  }

  /** The oldest one kept is the newest that is as old as a window. */
  #keep(sample: Sample): void {
    const samples = this.#samples;
    const last = samples.at(-1);
    if (last === undefined || sample.at - last.at >= SAMPLE_MS) samples.push(sample);
    while ((samples[1]?.at ?? Number.POSITIVE_INFINITY) <= sample.at - WINDOW_MS) samples.shift();
  }

  #tallies(): Tallies {
    const { registry, durations } = this.#metrics;
    const tallies = new Map<string, Tally>();
    const server = columnsOf(durations.server);
    const total = newTally(durations.server);
    tallies.set(TOTAL, total);
    registry.visitHistogram(durations.server, (attributes, slots) => {
      const counted = { attributes, slots, columns: server };
      add(total, counted);
      const route = attributes === "overflow" ? undefined : attributes[server.route];
      if (route !== undefined) add(tallyOf(tallies, routeKey(String(route)), durations.server), counted);
    });
    const client = columnsOf(durations.client);
    registry.visitHistogram(durations.client, (attributes, slots) => {
      if (attributes === "overflow") return;
      const counted = { attributes, slots, columns: client };
      const endpoint = attributes.slice(client.endpoint);
      add(tallyOf(tallies, upstreamKey(String(endpoint[0])), durations.client), counted);
      add(tallyOf(tallies, endpointKey(endpoint), durations.client), counted);
    });
    return tallies;
  }
}

const newTally = ({ bounds = [] }: Instrument): Tally => ({
  requests: 0,
  failures: 0,
  byStatus: {},
  errors: {},
  buckets: [...bounds, 0].fill(0),
});

const tallyOf = (tallies: Map<string, Tally>, key: string, instrument: Instrument): Tally => {
  const known = tallies.get(key);
  if (known !== undefined) return known;
  const made = newTally(instrument);
  tallies.set(key, made);
  return made;
};

/** Where attributes stand. */
interface Columns {
  readonly status: number;
  readonly error: number;
  readonly route: number;
  /** First of the last three. */
  readonly endpoint: number;
}

const columnsOf = ({ attributes }: Instrument): Columns => ({
  status: attributes.indexOf(STATUS),
  error: attributes.indexOf(ERROR),
  route: attributes.indexOf(ROUTE),
  endpoint: attributes.length - 3,
});

interface Counted {
  readonly attributes: AttributeValues | "overflow";
  /** Sum, then the counts of buckets. */
  readonly slots: Float64Array;
  readonly columns: Columns;
}

const add = (tally: Tally, { attributes, slots, columns }: Counted): void => {
  const { buckets } = tally;
  let count = 0;
  for (let i = 0; i < buckets.length; i += 1) {
    const inside = slots[i + 1] ?? 0;
    buckets[i] = (buckets[i] ?? 0) + inside;
    count += inside;
  }
  tally.requests += count;
  if (attributes === "overflow" || count === 0) return;
  const status = attributes[columns.status];
  const error = attributes[columns.error];
  if (status !== undefined) increase(tally.byStatus, classOf(status), count);
  if (error === undefined) return;
  if (isCode(error)) increase(tally.errors, error, count);
  if (isFailure(error)) tally.failures += count;
};

const CLASSES = ["", "1xx", "2xx", "3xx", "4xx", "5xx"];

const classOf = (status: string | number): string => CLASSES[Math.floor(Number(status) / 100)] ?? "other";

const increase = (counts: Record<string, number>, name: string, by: number): void => {
  counts[name] = (counts[name] ?? 0) + by;
};

const isCode = (error: string | number): error is ErrorCode => Object.hasOwn(ERROR_KINDS, error);

/** Codes by their fault; other errors are statuses. A copy that was overtaken has not failed. */
const isFailure = (error: string | number): boolean => {
  if (!isCode(error)) return !String(error).startsWith("4");
  return error !== "superseded" && ERROR_KINDS[error].fault !== "client";
};

const NOTHING: Tally = { requests: 0, failures: 0, byStatus: {}, errors: {}, buckets: [] };

const trafficOf = (
  now: Tally = NOTHING,
  before: Tally | undefined,
  { seconds, bounds }: { readonly seconds: number; readonly bounds: readonly number[] },
): Traffic => {
  // Series of endpoints that were away for long begin anew.
  const base = before === undefined || before.requests > now.requests ? NOTHING : before;
  const counts = now.buckets.map((each, index) => each - (base.buckets[index] ?? 0));
  const requests = now.requests - base.requests;
  const at = (quantile: number): number | undefined =>
    quantileOf({ count: requests, counts }, bounds, quantile);
  return {
    requests: now.requests,
    byStatus: now.byStatus,
    errors: now.errors,
    recent: {
      seconds,
      requests,
      failures: now.failures - base.failures,
      ...(requests > 0 && { p50: at(0.5), p95: at(0.95), p99: at(0.99) }),
    },
  };
};

/** Where nothing is measured. */
export const NO_TRAFFIC: Traffic = Object.freeze(trafficOf(undefined, undefined, { seconds: 0, bounds: [] }));
