/** An attempt's way through its upstream without the network: pick, lease, breaker, settle. */
import { do_not_optimize } from "mitata";
import { webRandom } from "../../runtimes/fetch/random.ts";
import { consistentHash } from "../../src/balance/consistent-hash.ts";
import { leastInFlight } from "../../src/balance/least-in-flight.ts";
import { maglevTable } from "../../src/balance/maglev.ts";
import { peakEwma } from "../../src/balance/peak-ewma.ts";
import { ringTable } from "../../src/balance/ring.ts";
import { roundRobin } from "../../src/balance/round-robin.ts";
import { leastLoadedOfTwo } from "../../src/balance/two-choices.ts";
import { weightedRandom } from "../../src/balance/weighted-random.ts";
import type { Balancer } from "../../src/core/balancer.ts";
import type { Exchange } from "../../src/core/exchange.ts";
import type { Outcome } from "../../src/core/outcome.ts";
import type { Clock } from "../../src/core/platform.ts";
import { OUTLIER_DEFAULTS } from "../../src/health/outlier-detector.ts";
import { BREAKER_DEFAULTS } from "../../src/resilience/breaker.ts";
import { RETRY_BUDGET, RetryBudget } from "../../src/resilience/retry-budget.ts";
import { equipment } from "../../src/upstream-stack.ts";
import { createEndpoint } from "../../src/upstream/endpoint.ts";
import { createEndpointRegistry } from "../../src/upstream/registry.ts";
import { type Upstream, createUpstream } from "../../src/upstream/upstream.ts";
import type { Suite } from "./suite.ts";

const clock: Clock = { now: () => performance.now(), epoch: () => Date.now(), after: () => () => {} };
const random = webRandom();
const timeouts = { connectMs: 0, firstByteMs: 0, idleMs: 0, eventStreamIdleMs: 0, tunnelIdleMs: 0 };
const pool = { connections: Infinity, idle: 256, keepAliveMs: 4_000 };

let key = 0;
const hashing = { keyOf: () => String(key++ & 0xffff), random, bound: Infinity };

const POLICIES: Readonly<Record<string, () => Balancer>> = {
  "two choices": () => leastLoadedOfTwo(random),
  "peak EWMA": () => peakEwma(random),
  "round robin": () => roundRobin(random),
  random: () => weightedRandom(random),
  "least in flight": () => leastInFlight(random),
  ring: () => consistentHash({ ...hashing, table: ringTable }),
  maglev: () => consistentHash({ ...hashing, table: maglevTable }),
  rendezvous: () => consistentHash({ ...hashing, table: undefined }),
};

/** Breakers, ejection and slow start are on; `weights` 1 makes all equal. */
const upstreamOf = (balancer: Balancer, count: number, weights: number): Upstream => {
  const registry = createEndpointRegistry();
  const parts = { name: "bench", registry, clock, random, telemetry: {} };
  const policy = { breaker: BREAKER_DEFAULTS, outliers: OUTLIER_DEFAULTS, slowStartMs: 30_000 };
  return createUpstream({
    name: "bench",
    endpoints: Array.from({ length: count }, (_, i) =>
      createEndpoint({
        upstream: "bench",
        url: `http://10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:3000`,
        weight: 1 + (i % weights),
        tls: undefined,
        pool,
      }),
    ),
    host: { kind: "upstream" },
    timeouts,
    viaFetch: false,
    balancer,
    registry,
    clock,
    ...equipment(policy, parts),
  });
};

const outcomeAt = (startedAt: number): Outcome => ({
  ending: "complete",
  progress: "done",
  status: 200,
  error: undefined,
  bytesSent: 0,
  bytesReceived: 0,
  reused: true,
  times: { startedAt, connectedAt: startedAt, headAt: startedAt + 1, endedAt: startedAt + 1 },
});

/** 64 attempts are in flight at any time. */
const attempts = (balancer: Balancer, count: number, weights = 1): (() => void) => {
  const upstream = upstreamOf(balancer, count, weights);
  const budget = new RetryBudget(RETRY_BUDGET);
  const trail = { attempts: 0, endpoint: undefined, edits: undefined, failure: undefined };
  const exchange = { trail } as Exchange;
  const leases = Array.from({ length: 64 }, () => upstream.lease(exchange));
  let at = 0;
  return () => {
    at = (at + 1) & 63;
    const now = clock.now();
    leases[at]?.settle(outcomeAt(now));
    budget.deposit(now);
    leases[at] = upstream.lease(exchange);
    do_not_optimize(leases[at]);
  };
};

export const suites = (): Suite[] => [
  {
    title: "pick, lease, breaker, budget, settle",
    benches: {
      ...Object.fromEntries(
        Object.entries(POLICIES).flatMap(([name, create]) =>
          [10, 1_000].map((count) => [`${name}, ${count} endpoints`, attempts(create(), count)]),
        ),
      ),
      "two choices, 1000 endpoints, three weights": attempts(leastLoadedOfTwo(random), 1_000, 3),
    },
  },
];
