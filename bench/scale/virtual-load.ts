/** Millions of virtual requests over thousands of endpoints, a tenth of which is slow. */
import { seededRandom } from "../../runtimes/memory/random.ts";
import type { Lease } from "../../src/core/lease.ts";
import type { Clock, Random } from "../../src/core/platform.ts";
import { normal } from "../../tests/simulation/sim-server.ts";
import { EXCHANGE, upstreamOf } from "./policies.ts";

export interface LoadOptions {
  readonly policy: string;
  readonly endpoints: number;
  readonly requests: number;
}

export interface LoadResult {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  /** Share of the requests that slow endpoints got. */
  readonly slowShare: number;
}

/** Log-normal service times; every tenth endpoint takes five times as long. */
const MEDIAN_MS = 10;
const SIGMA = 0.5;
const SLOWNESS = 5;
/** Requests that an endpoint serves at once; others wait in line. */
const CAPACITY = 8;
/** Requests a millisecond for each endpoint: 14 % of what a fast one can do, 70 % of what a slow one can. */
const RATE = 0.1;
/** The first tenth is warm-up. */
const WARM_UP = 0.1;

const isSlow = (index: number): boolean => index % 10 === 0;
const serviceMs = (index: number, random: Random): number =>
  MEDIAN_MS * (isSlow(index) ? SLOWNESS : 1) * Math.exp(SIGMA * normal(random));

interface Visit {
  readonly lease: Lease;
  readonly server: Server;
  readonly startedAt: number;
}

interface Server {
  readonly index: number;
  running: number;
  readonly waiting: Visit[];
}

export const virtualLoad = ({ policy, endpoints, requests }: LoadOptions): LoadResult => {
  let now = 0;
  const clock: Clock = { now: () => now, epoch: () => now, after: () => () => {} };
  const random = seededRandom(7);
  const upstream = upstreamOf(policy, endpoints, clock);
  const servers = new Map(
    upstream.endpoints.map(({ key }, index): [string, Server] => [key, { index, running: 0, waiting: [] }]),
  );
  const ends = new EventHeap<Visit>();
  const latencies = new Float32Array(Math.ceil(requests * (1 - WARM_UP)));
  let [counted, toSlow, started] = [0, 0, 0];
  let nextArrival = 0;

  const run = (visit: Visit): void => {
    visit.server.running += 1;
    ends.push(now + serviceMs(visit.server.index, random), visit);
  };
  const arrive = (): void => {
    const lease = upstream.lease(EXCHANGE);
    const server = servers.get(lease.endpoint.key);
    if (server === undefined) throw new Error("unknown endpoint");
    started += 1;
    if (isSlow(server.index)) toSlow += 1;
    const visit = { lease, server, startedAt: now };
    if (server.running < CAPACITY) run(visit);
    else server.waiting.push(visit);
  };
  const end = ({ lease, server, startedAt }: Visit): void => {
    if (counted < latencies.length && started > requests * WARM_UP) latencies[counted++] = now - startedAt;
    lease.settle(outcomeOf(startedAt, now));
    server.running -= 1;
    const next = server.waiting.shift();
    if (next !== undefined) run(next);
  };

  const step = (): boolean => {
    if (ends.nextAt <= nextArrival) {
      now = ends.nextAt;
      end(ends.pop());
    } else {
      now = nextArrival;
      arrive();
      nextArrival = now - Math.log(1 - random.float()) / (RATE * endpoints);
    }
    return started < requests;
  };
  while (step());
  const sorted = latencies.subarray(0, counted).sort();
  const at = (quantile: number): number => sorted[Math.floor(quantile * (counted - 1))] ?? 0;
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999), slowShare: toSlow / started };
};

/** No queue, no slow endpoint: what a policy that knows everything would reach. */
export const theoreticalBest = (): LoadResult => ({
  p50: MEDIAN_MS,
  p99: MEDIAN_MS * Math.exp(SIGMA * 2.3263),
  p999: MEDIAN_MS * Math.exp(SIGMA * 3.0902),
  slowShare: 0,
});

const outcomeOf = (startedAt: number, endedAt: number): Parameters<Lease["settle"]>[0] => ({
  ending: "complete",
  progress: "done",
  status: 200,
  error: undefined,
  bytesSent: 0,
  bytesReceived: 0,
  reused: true,
  times: { startedAt, connectedAt: startedAt, headAt: endedAt, endedAt },
});

/** A binary heap of values by time. */
class EventHeap<T> {
  readonly #times: number[] = [];
  readonly #values: T[] = [];

  get nextAt(): number {
    return this.#times[0] ?? Infinity;
  }

  push(time: number, value: T): void {
    const [times, values] = [this.#times, this.#values];
    let at = times.length;
    times.push(time);
    values.push(value);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((times[parent] as number) <= time) break;
      times[at] = times[parent] as number;
      values[at] = values[parent] as T;
      at = parent;
    }
    times[at] = time;
    values[at] = value;
  }

  pop(): T {
    const [times, values] = [this.#times, this.#values];
    const top = values[0] as T;
    const time = times.pop() as number;
    const value = values.pop() as T;
    if (times.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= times.length) break;
      if (child + 1 < times.length && (times[child + 1] as number) < (times[child] as number)) child += 1;
      if ((times[child] as number) >= time) break;
      times[at] = times[child] as number;
      values[at] = values[child] as T;
      at = child;
    }
    times[at] = time;
    values[at] = value;
    return top;
  }
}
