/** The balancer of an upstream, as its settings say. */
import { consistentHash } from "./balance/consistent-hash.ts";
import { customBalancer } from "./balance/custom.ts";
import { hashKey } from "./balance/hash-key.ts";
import type { BuildTable } from "./balance/hash-table.ts";
import { leastInFlight } from "./balance/least-in-flight.ts";
import { maglevTable } from "./balance/maglev.ts";
import { peakEwma } from "./balance/peak-ewma.ts";
import { ringTable } from "./balance/ring.ts";
import { roundRobin } from "./balance/round-robin.ts";
import { type Sticky, stickyCookie } from "./balance/sticky.ts";
import { type LocationOf, byLatency, byPriority, byRegion, byZone } from "./balance/tiers.ts";
import { leastLoadedOfTwo } from "./balance/two-choices.ts";
import { weightedRandom } from "./balance/weighted-random.ts";
import type { BalanceConfig, UpstreamConfig } from "./config/types.ts";
import type { Balancer } from "./core/balancer.ts";
import type { Platform, Random } from "./core/platform.ts";
import { hashText } from "./core/hash.ts";
import { firstValue } from "./http/headers.ts";

export interface PlannedBalancer {
  readonly balancer: Balancer;
  /** Keeps clients at their endpoints by a cookie; undefined where that is not wanted. */
  readonly sticky: Sticky | undefined;
}

/** Cookie, then tiers by priority, then preferred endpoints within a tier, then the policy. */
export const plannedBalancer = (
  upstream: string,
  { balance, endpoints, discovery }: UpstreamConfig,
  { random, sign }: Pick<Platform, "random" | "sign">,
): PlannedBalancer => {
  const preferred = (): Balancer => preferring(balance, random);
  const hasTiers = discovery !== undefined || endpoints.some(({ priority }) => priority > 0);
  const balancer = hasTiers ? byPriority({ inner: preferred, random }) : preferred();
  if (balance.sticky === undefined) return { balancer, sticky: undefined };
  const { secret, cookie, maxAgeMs, sameSite } = balance.sticky;
  const sticky = stickyCookie({
    cookie: cookie ?? `fairlead-${hashText(upstream).toString(16)}`,
    sameSite,
    sign: (text) => sign(secret, text),
    otherwise: balancer,
    maxAgeSeconds: maxAgeMs === undefined ? undefined : Math.ceil(maxAgeMs / 1_000),
  });
  return { balancer: sticky.balancer, sticky };
};

const preferring = (balance: BalanceConfig, random: Random): Balancer => {
  const inner = (): Balancer => balancing(balance, random);
  switch (balance.prefer) {
    case "zone":
      return byZone(balance.zone ?? "", { inner, random });
    case "latency":
      return byLatency({ inner, random });
    case "region":
      return byRegion(locationFrom(balance.regionFrom ?? "edge"), { inner, random });
    case undefined:
      return inner();
  }
};

const HEADER = "header:";

/**
 * `DE`, or `DE, EU` from the smallest area to the largest. Any client can send a header, so only that of a trusted proxy
 * counts.
 */
const locationFrom = (source: string): LocationOf => {
  if (!source.startsWith(HEADER)) return ({ exchange }) => exchange.arrival.areas?.() ?? NOWHERE;
  const header = source.slice(HEADER.length);
  return ({ exchange: { arrival, client } }) => {
    const value = client.trustedPeer === true ? firstValue(arrival.fields, header) : undefined;
    return value === undefined ? NOWHERE : value.split(",").map((area) => area.trim());
  };
};

const NOWHERE: readonly string[] = Object.freeze([]);

const balancing = (balance: BalanceConfig, random: Random): Balancer => {
  const { policy } = balance;
  if (typeof policy === "function") return customBalancer(policy, leastLoadedOfTwo(random));
  switch (policy) {
    case "p2c":
      return leastLoadedOfTwo(random);
    case "round-robin":
      return roundRobin(random);
    case "random":
      return weightedRandom(random);
    case "least-in-flight":
      return leastInFlight(random);
    case "peak-ewma":
      return peakEwma(random);
    case "ring-hash":
      return hashing(ringTable, balance, random);
    case "maglev":
      return hashing(maglevTable, balance, random);
    case "rendezvous":
      return hashing(undefined, balance, random);
  }
};

const hashing = (
  table: BuildTable | undefined,
  { key = { from: "ip" }, bound = 1.5 }: BalanceConfig,
  random: Random,
): Balancer =>
  consistentHash({
    table,
    keyOf: hashKey(key),
    random,
    bound: bound === "unlimited" ? Number.POSITIVE_INFINITY : bound,
  });
