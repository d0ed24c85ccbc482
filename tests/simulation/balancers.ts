/** The balancers that runs choose from. */
import { consistentHash } from "../../src/balance/consistent-hash.ts";
import { hashKey } from "../../src/balance/hash-key.ts";
import { leastInFlight } from "../../src/balance/least-in-flight.ts";
import { maglevTable } from "../../src/balance/maglev.ts";
import { peakEwma } from "../../src/balance/peak-ewma.ts";
import { ringTable } from "../../src/balance/ring.ts";
import { roundRobin } from "../../src/balance/round-robin.ts";
import { byLatency, byPriority, byRegion, byZone } from "../../src/balance/tiers.ts";
import { leastLoadedOfTwo } from "../../src/balance/two-choices.ts";
import { weightedRandom } from "../../src/balance/weighted-random.ts";
import type { Balancer } from "../../src/core/balancer.ts";
import type { Random } from "../../src/core/platform.ts";
import { regionOf } from "./affinity-checks.ts";
import { LOAD_BOUND, type PolicyName } from "./scenario.ts";

export const balancerOf = (name: PolicyName, random: Random): Balancer => {
  const hashing = { keyOf: hashKey({ from: "path" }), random, bound: Infinity };
  const inner = { inner: () => leastLoadedOfTwo(random), random };
  switch (name) {
    case "two choices":
      return leastLoadedOfTwo(random);
    case "peak EWMA":
      return peakEwma(random);
    case "round robin":
      return roundRobin(random);
    case "random":
      return weightedRandom(random);
    case "least in flight":
      return leastInFlight(random);
    case "ring":
      return consistentHash({ ...hashing, table: ringTable });
    case "bounded ring":
      return consistentHash({ ...hashing, table: ringTable, bound: LOAD_BOUND });
    case "maglev":
      return consistentHash({ ...hashing, table: maglevTable });
    case "rendezvous":
      return consistentHash({ ...hashing, table: undefined });
    case "priority":
      return byPriority(inner);
    case "zone":
      return byZone("local", inner);
    case "region":
      return byRegion(({ exchange }) => [regionOf(exchange.path)], inner);
    case "latency":
      return byLatency(inner);
  }
};
