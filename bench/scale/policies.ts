/** The policies that are compared, over the real upstream code. */
import { seededRandom } from "../../runtimes/memory/random.ts";
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
import type { Clock, Random } from "../../src/core/platform.ts";
import { BREAKER_DEFAULTS } from "../../src/resilience/breaker.ts";
import { equipment } from "../../src/upstream-stack.ts";
import { createEndpoint } from "../../src/upstream/endpoint.ts";
import { createEndpointRegistry } from "../../src/upstream/registry.ts";
import { type Upstream, createUpstream } from "../../src/upstream/upstream.ts";

/** Each request has a key of its own: hashing spreads them at random. */
const hashing = (random: Random): { keyOf: () => undefined; random: Random; bound: number } => ({
  keyOf: () => undefined,
  random,
  bound: Infinity,
});

export const POLICIES: Readonly<Record<string, (random: Random) => Balancer>> = {
  "round robin": roundRobin,
  random: weightedRandom,
  "two choices": leastLoadedOfTwo,
  "peak EWMA": peakEwma,
  "least in flight": leastInFlight,
  "ring hash": (random) => consistentHash({ ...hashing(random), table: ringTable }),
  maglev: (random) => consistentHash({ ...hashing(random), table: maglevTable }),
  rendezvous: (random) => consistentHash({ ...hashing(random), table: undefined }),
  "bounded maglev": (random) => consistentHash({ ...hashing(random), table: maglevTable, bound: 1.5 }),
};

/** Look at every endpoint for each pick. */
export const LINEAR: ReadonlySet<string> = new Set(["least in flight", "rendezvous"]);

export const EXCHANGE = {
  trail: { attempts: 0, endpoint: undefined, edits: undefined, failure: undefined },
} as unknown as Exchange;

/** `count` endpoints of weight 1, with breakers. */
export const upstreamOf = (policy: string, count: number, clock: Clock): Upstream => {
  const random = seededRandom(42);
  const registry = createEndpointRegistry();
  const balancer = POLICIES[policy]?.(random);
  if (balancer === undefined) throw new TypeError(`no policy "${policy}"`);
  const parts = { name: "scale", registry, clock, random, telemetry: {} };
  return createUpstream({
    name: "scale",
    endpoints: Array.from({ length: count }, (_, i) =>
      createEndpoint({
        upstream: "scale",
        url: `http://10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:3000`,
        weight: 1,
        tls: undefined,
        pool: { connections: Infinity, idle: 256, keepAliveMs: 4_000 },
      }),
    ),
    host: { kind: "upstream" },
    timeouts: { connectMs: 0, firstByteMs: 0, idleMs: 0, eventStreamIdleMs: 0, tunnelIdleMs: 0 },
    viaFetch: false,
    balancer,
    registry,
    clock,
    ...equipment({ breaker: BREAKER_DEFAULTS }, parts),
  });
};
