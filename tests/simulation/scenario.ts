/** What happens in a run: all of it follows from the seed. */
import type { Random } from "../../src/core/platform.ts";
import { HEALTH_CHECK_DEFAULTS } from "../../src/health/health-checker.ts";
import { OUTLIER_DEFAULTS } from "../../src/health/outlier-detector.ts";
import { ADAPTIVE_DEFAULTS } from "../../src/resilience/adaptive-limit.ts";
import { BREAKER_DEFAULTS } from "../../src/resilience/breaker.ts";
import { RETRY_RULES } from "../../src/resilience/may-retry.ts";
import { HEDGE_BUDGET, RETRY_BUDGET } from "../../src/resilience/retry-budget.ts";
import type { UpstreamPolicy } from "../../src/upstream-policy.ts";
import type { Fault } from "./sim-server.ts";

export type PolicyName =
  | "two choices"
  | "peak EWMA"
  | "round robin"
  | "random"
  | "least in flight"
  | "bounded ring"
  | "maglev"
  | "rendezvous"
  | "priority";

/** Load bound of the hashing policy that has one. */
export const LOAD_BOUND = 1.5;

export interface ServerPlan {
  readonly name: string;
  readonly weight: number;
  readonly priority: number;
  readonly serviceMs: number;
  readonly capacity: number;
}

/** A server fails in some way for a while. */
export interface FaultPlan {
  readonly server: number;
  readonly fault: Fault;
  readonly from: number;
  readonly until: number;
}

/** A server joins or leaves the set. */
export interface ChurnPlan {
  readonly at: number;
  readonly server: number;
  readonly isIn: boolean;
}

export interface Scenario {
  readonly balance: PolicyName;
  readonly servers: readonly ServerPlan[];
  readonly faults: readonly FaultPlan[];
  readonly churn: readonly ChurnPlan[];
  readonly policy: UpstreamPolicy;
  /** Requests a second while things fail, and afterwards. */
  readonly rate: number;
  readonly calmRate: number;
  /** When the last fault is over. */
  readonly faultsEnd: number;
  /** When everything must be as it was before. */
  readonly recoveredAt: number;
  readonly end: number;
}

const FAULTS: readonly Fault[] = [
  "crashed",
  "hanging",
  "partitioned",
  "unavailable",
  "resetting",
  "truncating",
  "slow",
  "flaky",
];
const POLICIES: readonly PolicyName[] = [
  "two choices",
  "peak EWMA",
  "round robin",
  "random",
  "least in flight",
  "bounded ring",
  "maglev",
  "rendezvous",
  "priority",
];

/** How long all may take to be as before, once the last of faults of `longest` ms is over: as the docs have it. */
const recoveryMs = (longest: number): number => {
  // The last open time began during the outage, and is at most twice as long as all before it together.
  const open = 1.2 * (2 * longest + BREAKER_DEFAULTS.openMs);
  const ejected = OUTLIER_DEFAULTS.ejectMs * Math.ceil(1 + longest / OUTLIER_DEFAULTS.ejectMs);
  return Math.max(open, ejected) + SLOW_START_MS + 10_000;
};

const SLOW_START_MS = 10_000;
const FAULTS_FROM = 3_000;

export const scenarioOf = (random: Random): Scenario => {
  const pick = <T>(values: readonly T[]): T => values[random.below(values.length)] as T;
  const chance = (share: number): boolean => random.float() < share;
  const balance = pick(POLICIES);
  const count = 2 + random.below(9);
  const servers = Array.from({ length: count }, (_, i) => ({
    name: `s${i}`,
    weight: pick([1, 1, 1, 2, 5]),
    priority: balance === "priority" ? i % 2 : 0,
    serviceMs: 2 + random.below(30),
    capacity: 4 + random.below(20),
  }));
  const isTotal = chance(0.25);
  const longest = 2_000 + random.below(18_000);
  const faults = isTotal
    ? totalOutage(count, longest, pick(["crashed", "unavailable", "hanging", "partitioned"]))
    : partial(count, longest, { random, pick });
  const faultsEnd = Math.max(...faults.map(({ until }) => until));
  const recoveredAt = faultsEnd + recoveryMs(faultsEnd - FAULTS_FROM);
  return {
    balance,
    servers,
    faults,
    churn: chance(0.3) ? churnOf(count, { random }) : [],
    policy: policyOf(chance, pick),
    rate: 20 + random.below(60),
    calmRate: 8,
    faultsEnd,
    recoveredAt,
    end: recoveredAt + 8_000,
  };
};

interface Dice {
  readonly random: Random;
  readonly pick: <T>(values: readonly T[]) => T;
}

const totalOutage = (count: number, longest: number, fault: Fault): readonly FaultPlan[] =>
  Array.from({ length: count }, (_, server) => ({
    server,
    fault,
    from: FAULTS_FROM,
    until: FAULTS_FROM + longest,
  }));

const partial = (count: number, longest: number, { random, pick }: Dice): readonly FaultPlan[] => {
  const faults: FaultPlan[] = [];
  for (let n = 1 + random.below(4); n > 0; n--) {
    const server = random.below(count);
    const fault = pick(FAULTS);
    const from = FAULTS_FROM + random.below(6_000);
    if (random.float() < 0.3) {
      // Flapping.
      const period = 200 + random.below(3_000);
      for (let at = from; at < from + longest; at += 2 * period) {
        faults.push({ server, fault, from: at, until: at + period });
      }
    } else faults.push({ server, fault, from, until: from + 500 + random.below(longest) });
  }
  return faults;
};

/** The first server stays. */
const churnOf = (count: number, { random }: Pick<Dice, "random">): readonly ChurnPlan[] =>
  Array.from({ length: 1 + random.below(4) }, () => 1 + random.below(count - 1)).flatMap((server) => {
    const at = FAULTS_FROM + random.below(8_000);
    return [
      { at, server, isIn: false },
      { at: at + 500 + random.below(5_000), server, isIn: true },
    ];
  });

const policyOf = (chance: (share: number) => boolean, pick: Dice["pick"]): UpstreamPolicy => ({
  breaker: BREAKER_DEFAULTS,
  outliers: OUTLIER_DEFAULTS,
  slowStartMs: SLOW_START_MS,
  health: chance(0.4) ? { ...HEALTH_CHECK_DEFAULTS, target: "/healthz" } : undefined,
  retry: chance(0.85)
    ? { retries: pick([1, 1, 2, 3]), rules: RETRY_RULES, replayBytes: 64, budget: RETRY_BUDGET }
    : undefined,
  hedge: chance(0.25) ? { minDelayMs: 50, maxDelayMs: 2_000, budget: HEDGE_BUDGET } : undefined,
  concurrency: chance(0.4)
    ? {
        limit: pick([30, 60, ADAPTIVE_DEFAULTS]),
        queue: pick([0, 0, 20]),
        queueMs: 500,
      }
    : undefined,
});
