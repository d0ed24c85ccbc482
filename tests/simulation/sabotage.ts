/** Breaks what is simulated, to show that the invariants notice. */
import { consistentHash } from "../../src/balance/consistent-hash.ts";
import { ringTable } from "../../src/balance/ring.ts";
import type { Balancer } from "../../src/core/balancer.ts";
import type { Member } from "../../src/core/endpoint-state.ts";
import { asProxyError } from "../../src/core/errors.ts";
import type { Clock, Random } from "../../src/core/platform.ts";
import type { Layer } from "../../src/core/service.ts";
import { hashText } from "../../src/core/hash.ts";
import { BREAKER_DEFAULTS } from "../../src/resilience/breaker.ts";
import { RETRY_RULES } from "../../src/resilience/may-retry.ts";
import { RETRY_BUDGET } from "../../src/resilience/retry-budget.ts";
import type { UpstreamPolicy } from "../../src/upstream-policy.ts";
import type { Scenario } from "./scenario.ts";

export type Sabotage =
  | "picks anybody"
  | "refuses at random"
  | "forgets to settle"
  | "retries without a budget"
  | "retries any method"
  | "sends many probes"
  | "exceeds the load bound"
  | "disregards weights"
  | "disregards the limit of an endpoint"
  | "moves all keys"
  | "disregards tiers"
  | "disregards cookies"
  | "never closes a breaker"
  | "wants many checks"
  | "ejects for too long"
  | "is overwhelmed by retries"
  | "recovers one by one"
  | "keeps a low limit"
  | "sheds late";

/** The policy that is in effect instead of the scenario's. */
export const brokenPolicy = (policy: UpstreamPolicy, sabotage: Sabotage | undefined): UpstreamPolicy => {
  const { health, outliers } = policy;
  const retry = { retries: 3, rules: RETRY_RULES, replayBytes: 64, budget: RETRY_BUDGET };
  const unbounded = { ...retry, budget: { ratio: 10, perSecond: 1_000 } };
  switch (sabotage) {
    case "retries without a budget":
      // An open breaker would hide that retries have no bound.
      return { retry: unbounded };
    case "retries any method":
      return { retry: { ...retry, rules: { ...RETRY_RULES, trustsIdempotencyKey: true } } };
    case "is overwhelmed by retries":
      return { retry: { ...unbounded, retries: 10 }, attemptMs: 500 };
    case "sends many probes":
      return { ...policy, breaker: { ...BREAKER_DEFAULTS, probes: 30, successes: 30 } };
    case "disregards the limit of an endpoint":
      return { ...policy, maxInFlight: undefined };
    case "never closes a breaker":
      return { ...policy, breaker: { ...BREAKER_DEFAULTS, openMs: 300_000 } };
    case "wants many checks":
      return { ...policy, health: health && { ...health, successes: 20 } };
    case "ejects for too long":
      return { ...policy, outliers: outliers && { ...outliers, ejectMs: 60_000 } };
    case "keeps a low limit":
      return { ...policy, concurrency: { limit: 1, queue: 0, queueMs: 0 } };
    default:
      return policy;
  }
};

/** The balancer that is in effect instead of `balancer`. */
export const brokenBalancer = (
  balancer: Balancer,
  sabotage: Sabotage | undefined,
  random: Random,
): Balancer => {
  switch (sabotage) {
    case "picks anybody":
    case "disregards tiers":
      return anybody(random, sabotage === "picks anybody");
    case "refuses at random":
      return { pick: (set, selection) => (random.float() < 0.3 ? undefined : balancer.pick(set, selection)) };
    case "exceeds the load bound": {
      const keyOf = (): string => "";
      return consistentHash({ table: ringTable, keyOf, random, bound: Infinity });
    }
    case "disregards weights":
      return evenly(balancer);
    case "moves all keys":
      return {
        pick({ members }, selection) {
          const eligible = members.filter((member) => selection.isEligible(member));
          return eligible[hashText(selection.exchange.path) % eligible.length];
        },
      };
    default:
      return balancer;
  }
};

/** @param isBlind whether it also picks endpoints that are not eligible. */
const anybody = (random: Random, isBlind: boolean): Balancer => ({
  pick({ members }, selection) {
    const some = isBlind ? members : members.filter((member) => selection.isEligible(member));
    return some[random.below(some.length)];
  },
});

const evenly = (balancer: Balancer): Balancer => {
  const evenSets = new WeakMap<object, { readonly members: readonly Member[] }>();
  return {
    pick(set, selection) {
      let even = evenSets.get(set);
      if (even === undefined) {
        const weighted = ({ endpoint, ...rest }: Member): Member => ({
          ...rest,
          endpoint: { ...endpoint, weight: Math.min(1, endpoint.weight) },
        });
        even = { members: set.members.map(weighted) };
        evenSets.set(set, even);
      }
      const picked = balancer.pick(even, selection);
      return picked && set.members[picked.index];
    },
  };
};

/** Answers refusals after a second. */
export const lateRefusals =
  (clock: Clock): Layer =>
  (next) =>
  async (exchange) => {
    try {
      return await next(exchange);
    } catch (thrown) {
      await new Promise<void>((resolve) => clock.after(1_000, resolve));
      throw asProxyError(thrown);
    }
  };

/** Whether a run of `scenario` can show it. */
export const suits = (scenario: Scenario, sabotage: Sabotage): boolean => {
  const { policy, balance, kind, isSticky, servers } = scenario;
  switch (sabotage) {
    case "exceeds the load bound":
      return balance === "bounded ring";
    case "moves all keys":
      return balance === "ring" || balance === "maglev" || balance === "rendezvous";
    case "disregards weights":
      return (
        balance === "two choices" && kind === "calm" && new Set(servers.map((each) => each.weight)).size > 1
      );
    case "disregards the limit of an endpoint":
      return policy.maxInFlight !== undefined && kind === "total";
    case "disregards tiers":
      return balance === "zone" || balance === "priority" || balance === "region";
    case "disregards cookies":
      return isSticky;
    case "never closes a breaker":
      return policy.health === undefined && kind === "total";
    case "wants many checks":
      return policy.health !== undefined && policy.breaker === undefined && kind === "total";
    case "ejects for too long":
      return kind === "outlier";
    case "is overwhelmed by retries":
      return kind === "tight" && servers.some(({ wastes }) => wastes);
    case "keeps a low limit":
      return kind === "tight";
    case "recovers one by one":
      return kind === "tight" && policy.health === undefined && policy.concurrency === undefined;
    default:
      return true;
  }
};
