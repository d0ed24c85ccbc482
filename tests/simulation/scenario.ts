/** What happens in a run: all of it follows from the seed. */
import type { Random } from "../../src/core/platform.ts";
import { HEALTH_CHECK_DEFAULTS } from "../../src/health/health-checker.ts";
import { OUTLIER_DEFAULTS } from "../../src/health/outlier-detector.ts";
import { ADAPTIVE_DEFAULTS } from "../../src/resilience/adaptive-limit.ts";
import { BREAKER_DEFAULTS } from "../../src/resilience/breaker.ts";
import { RETRY_RULES } from "../../src/resilience/may-retry.ts";
import { HEDGE_BUDGET, RETRY_BUDGET } from "../../src/resilience/retry-budget.ts";
import type { UpstreamPolicy } from "../../src/upstream-policy.ts";
import { ADAPTATION_MS, LAST_SWEEP_MS, OVERLOAD_MS, ejectionMs, recoveryMs } from "./documented-times.ts";
import {
  type ChangePlan,
  type Dice,
  FAULTS_FROM,
  type FaultPlan,
  changesOf,
  commonOutage,
  outlier,
  partialOutage,
} from "./fault-plans.ts";

export type PolicyName =
  | "two choices"
  | "peak EWMA"
  | "round robin"
  | "random"
  | "least in flight"
  | "ring"
  | "bounded ring"
  | "maglev"
  | "rendezvous"
  | "priority"
  | "zone"
  | "region"
  | "latency";

/**
 * `calm`: nothing fails. `partial`: some servers do. `total`: all do. `outlier`: one does a little, under a load at which ejection
 * compares. `tight`: half of the servers or all fail, and all of them together are half busy in good times.
 */
export type Kind = "calm" | "partial" | "total" | "outlier" | "tight";

export interface ServerPlan {
  readonly name: string;
  readonly weight: number;
  readonly priority: number;
  readonly zone: string;
  readonly region: string;
  /** Median of the service times. */
  readonly serviceMs: number;
  /** Requests served at once. */
  readonly capacity: number;
  /** Waiting requests beyond this number get 503. */
  readonly queue: number;
  /** Whether each request takes the longer, the more are served at once. */
  readonly degrades: boolean;
  /** Whether it goes on with requests that the proxy has given up. */
  readonly wastes: boolean;
  /** How long after a crash it is slower than usual. */
  readonly coldMs: number;
}

export interface Scenario {
  readonly kind: Kind;
  readonly balance: PolicyName;
  readonly isSticky: boolean;
  readonly servers: readonly ServerPlan[];
  readonly faults: readonly FaultPlan[];
  readonly changes: readonly ChangePlan[];
  readonly policy: UpstreamPolicy;
  /** Whether there is another upstream to fail over to. */
  readonly hasSpare: boolean;
  /** Share of requests that are copied to another upstream. */
  readonly mirrored: number;
  /** Requests a second, during an outage and afterwards too. */
  readonly rate: number;
  /** A time without any request. */
  readonly quiet: { readonly from: number; readonly until: number } | undefined;
  /** When the last fault is over. */
  readonly faultsEnd: number;
  /** When everything must be as it was before. */
  readonly recoveredAt: number;
  readonly end: number;
}

/** Load bound of the hashing policy that has one. */
export const LOAD_BOUND = 1.5;
export const SLOW_START_MS = 5_000;
/** The longest that an attempt may take. */
export const FIRST_BYTE_MS = 5_000;

const EVEN: readonly PolicyName[] = ["two choices", "peak EWMA", "round robin", "random", "least in flight"];
const POLICIES: readonly PolicyName[] = [
  ...EVEN,
  "two choices",
  "ring",
  "bounded ring",
  "bounded ring",
  "maglev",
  "rendezvous",
  "priority",
  "zone",
  "region",
  "latency",
];
const TIERED: ReadonlySet<PolicyName> = new Set(["priority", "zone", "region", "latency"]);

const KINDS: readonly Kind[] = [
  ...Array.from({ length: 10 }, (): Kind => "partial"),
  ...Array.from({ length: 4 }, (): Kind => "total"),
  "outlier",
  "outlier",
  "tight",
  "tight",
  "tight",
  "calm",
];

export const scenarioOf = (random: Random): Scenario => {
  const dice: Dice = {
    random,
    pick: <T>(values: readonly T[]): T => values[random.below(values.length)] as T,
    chance: (share) => random.float() < share,
  };
  const { pick, chance } = dice;
  const kind = pick(KINDS);
  const isEven = kind === "tight" || kind === "outlier";
  const balance = pick(isEven ? EVEN : POLICIES);
  const servers = kind === "tight" ? tightServers(dice) : looseServers(kind, balance, dice);
  const rate = rateOf(kind, servers, dice);
  const policy = policyOf(kind, balance, dice);
  const faults = faultsOf(kind, servers.length, policy.health === undefined ? 7_000 : 20_000, dice);
  const faultsEnd = Math.max(FAULTS_FROM, ...faults.map(({ until }) => until));
  const quiet = chance(0.12) && !isEven ? quietOf(faultsEnd, dice) : undefined;
  const recoveredAt = recoveredAtOf({ kind, policy, faultsEnd, quiet });
  return {
    kind,
    balance,
    isSticky: EVEN.includes(balance) && kind !== "tight" && chance(0.2),
    servers: kind === "tight" ? withLoad(servers, rate, dice) : servers,
    faults,
    changes: !isEven && chance(0.3) ? changesOf(servers.length, dice) : [],
    policy,
    hasSpare: chance(0.15),
    mirrored: chance(0.1) ? 0.3 : 0,
    rate,
    quiet,
    faultsEnd,
    recoveredAt,
    end: recoveredAt + (kind === "calm" ? 40_000 : 6_000),
  };
};

const rateOf = (kind: Kind, servers: readonly ServerPlan[], { random }: Dice): number => {
  switch (kind) {
    case "outlier":
      return 24 * servers.length;
    case "tight":
      return (3 + 2 * random.float()) * placesOf(servers);
    default:
      return 20 + random.below(50);
  }
};

const placesOf = (servers: readonly ServerPlan[]): number =>
  servers.reduce((sum, { capacity }) => sum + capacity, 0);

const faultsOf = (kind: Kind, count: number, longest: number, dice: Dice): readonly FaultPlan[] => {
  const { random, chance } = dice;
  const lasts = 2_000 + random.below(longest);
  switch (kind) {
    case "calm":
      return [];
    case "partial":
      return partialOutage(count, lasts, dice);
    case "total":
      return commonOutage(count, lasts, dice);
    case "outlier":
      return outlier(count, dice);
    case "tight":
      return commonOutage(chance(0.5) ? count : Math.ceil(count / 2), lasts, dice);
  }
};

interface RecoveryFacts extends Pick<Scenario, "kind" | "policy" | "faultsEnd" | "quiet"> {}

/** The documented time for the longest outage that any server may have, and a slow start. */
const recoveredAtOf = ({ kind, policy, faultsEnd, quiet }: RecoveryFacts): number => {
  const overAt = faultsEnd + FIRST_BYTE_MS;
  const isAdaptive = typeof policy.concurrency?.limit === "object";
  const backMs = recoveryMs(policy, overAt - FAULTS_FROM) + (kind === "tight" ? OVERLOAD_MS : 0);
  const wellAt = kind === "outlier" ? faultsEnd + LAST_SWEEP_MS + ejectionMs(1) : overAt + backMs;
  return (
    Math.max(kind === "calm" ? 0 : wellAt, quiet?.until ?? 0) +
    SLOW_START_MS +
    2_000 +
    (isAdaptive ? ADAPTATION_MS : 0)
  );
};

const quietOf = (faultsEnd: number, { random }: Dice): NonNullable<Scenario["quiet"]> => {
  const from = FAULTS_FROM + random.below(faultsEnd);
  return { from, until: from + 5_000 + random.below(30_000) };
};

const looseServers = (kind: Kind, balance: PolicyName, { random, pick, chance }: Dice): ServerPlan[] => {
  const isOutlier = kind === "outlier";
  const count = isOutlier ? 5 + random.below(2) : 2 + random.below(9);
  const isTiered = TIERED.has(balance);
  // Shares by load follow the speed of servers: alike where shares are measured for long.
  const same = kind === "calm" ? 5 + random.below(25) : undefined;
  return Array.from({ length: count }, (_, i) => ({
    name: `s${i}`,
    weight: isOutlier ? 1 : i > 1 && chance(0.04) ? 0 : pick([1, 1, 1, 2, 5]),
    priority: balance === "priority" ? i % 2 : 0,
    zone: isTiered && i % 2 === 1 ? "other" : "local",
    region: i % 2 === 0 ? "EU" : "US",
    serviceMs: same ?? 2 + random.below(30),
    capacity: 8 + random.below(16),
    queue: 200,
    degrades: chance(0.3),
    wastes: false,
    coldMs: chance(0.5) ? 1_000 + random.below(5_000) : 0,
  }));
};

const tightServers = ({ random, chance }: Dice): ServerPlan[] => {
  const wastes = chance(0.5);
  const capacity = 3 + random.below(3);
  return Array.from({ length: 3 + random.below(4) }, (_, i) => ({
    name: `s${i}`,
    weight: 1,
    priority: 0,
    zone: "local",
    region: "EU",
    serviceMs: 0,
    capacity,
    // A long queue that nobody waits for to the end keeps a server busy for nothing.
    queue: (wastes ? 40 : 3) * capacity,
    degrades: false,
    wastes,
    coldMs: 0,
  }));
};

/** Slow enough to be 45 to 55 % busy at `rate`. */
const withLoad = (servers: readonly ServerPlan[], rate: number, { random }: Dice): ServerPlan[] => {
  // The mean of a log-normal distribution with σ = 0.5 is 1.13 × its median.
  const serviceMs = ((0.45 + 0.1 * random.float()) * placesOf(servers) * 1_000) / (1.13 * rate);
  return servers.map((server) => ({ ...server, serviceMs }));
};

const policyOf = (kind: Kind, balance: PolicyName, { pick, chance }: Dice): UpstreamPolicy => {
  const hasBreaker = chance(0.88) || kind === "tight";
  return {
    breaker: hasBreaker ? BREAKER_DEFAULTS : undefined,
    outliers: kind === "outlier" || chance(0.3) ? OUTLIER_DEFAULTS : undefined,
    slowStartMs: SLOW_START_MS,
    health: chance(hasBreaker ? 0.35 : 0.8) ? { ...HEALTH_CHECK_DEFAULTS, target: "/healthz" } : undefined,
    panicThreshold: chance(0.25) && !TIERED.has(balance) ? 0.5 : undefined,
    maxInFlight: chance(0.15) ? pick([8, 15]) : undefined,
    attemptMs: kind === "tight" ? 1_500 : pick([undefined, 1_000, 2_000]),
    retry: chance(0.85)
      ? { retries: pick([1, 1, 2, 3]), rules: RETRY_RULES, replayBytes: 64, budget: RETRY_BUDGET }
      : undefined,
    hedge: chance(0.25) ? { minDelayMs: 50, maxDelayMs: 2_000, budget: HEDGE_BUDGET } : undefined,
    concurrency: chance(0.4)
      ? { limit: pick([30, 60, ADAPTIVE_DEFAULTS]), queue: pick([0, 0, 20]), queueMs: 500 }
      : undefined,
  };
};
