/** Groups of endpoints in order of preference: priority tiers, the local zone first, the nearest region first. */
import type { Balancer, Selection } from "../core/balancer.ts";
import type { EndpointSet, Member } from "../core/endpoint-state.ts";
import { latencyAt } from "../core/latency.ts";
import type { Random } from "../core/platform.ts";

/** Endpoints that are preferred alike. */
export interface Tier {
  readonly name: string;
  readonly set: EndpointSet;
}

export interface TierOptions {
  /** Name of the tier that an endpoint belongs to. */
  readonly tierOf: (member: Member) => string;
  /** The tiers in order of preference for this request. */
  readonly order: (tiers: readonly Tier[], selection: Selection) => readonly Tier[];
  /** Chooses within a tier; each has its own. */
  readonly inner: () => Balancer;
  readonly random: Random;
}

/** A tier takes all traffic as long as 1 / 1.4 = 71 % of its weight may be tried (Envoy's overprovisioning factor). */
const OVERPROVISIONING = 1.4;
/** Time between two counts of the eligible endpoints of the tiers. */
const CENSUS_MS = 100;

/**
 * The first tier gets all traffic while enough of it is eligible; as it degrades, a growing share spills over to the next one. A
 * tier without an eligible endpoint is skipped at once.
 */
const tiered = (options: TierOptions): Balancer => {
  let tiers = new Tiers({ members: [] }, options);
  return {
    pick(set, selection) {
      if (set !== tiers.set) tiers = new Tiers(set, options);
      return tiers.pick(selection);
    },
  };
};

interface CountedTier extends Tier {
  readonly balancer: Balancer;
  /** Share of its weight that may be tried, as of the last census. */
  health: number;
}

class Tiers {
  readonly set: EndpointSet;
  readonly #options: TierOptions;
  readonly #tiers: readonly CountedTier[];
  #takenAt = Number.NEGATIVE_INFINITY;

  constructor(set: EndpointSet, options: TierOptions) {
    this.set = set;
    this.#options = options;
    this.#tiers = tiersOf(set, options);
  }

  pick(selection: Selection): Member | undefined {
    const { order, random } = this.#options;
    const tiers = this.#tiers;
    if (tiers.length === 1) return tiers[0]?.balancer.pick(tiers[0].set, selection);
    // Not for a retry: the endpoints that it has tried are ineligible for this request only.
    if (!selection.isFailOver && selection.now - this.#takenAt >= CENSUS_MS) this.#takeCensus(selection);
    const ordered = order(tiers, selection) as readonly CountedTier[];
    const chosen = chooseTier(ordered, random);
    const picked = chosen?.balancer.pick(chosen.set, selection);
    if (picked !== undefined) return picked;
    for (const tier of ordered) {
      const member = tier === chosen ? undefined : tier.balancer.pick(tier.set, selection);
      if (member !== undefined) return member;
    }
    return undefined;
  }

  #takeCensus(selection: Selection): void {
    this.#takenAt = selection.now;
    for (const tier of this.#tiers) tier.health = healthOf(tier.set, selection);
  }
}

const healthOf = ({ members }: EndpointSet, selection: Selection): number => {
  let total = 0;
  let eligible = 0;
  for (const member of members) {
    const { weight } = member.endpoint;
    total += weight;
    if (selection.isEligible(member)) eligible += weight;
  }
  return total === 0 ? 0 : eligible / total;
};

/** Each tier takes as much as its health allows of what the tiers before it left; what is left over is shared in proportion. */
const chooseTier = (tiers: readonly CountedTier[], random: Random): CountedTier | undefined => {
  let capacity = 0;
  for (const { health } of tiers) capacity += Math.min(1, health * OVERPROVISIONING);
  const first = tiers.find(({ health }) => health > 0);
  if (first === undefined) return tiers[0];
  if (first.health * OVERPROVISIONING >= 1) return first;
  let left = random.float() * Math.min(1, capacity);
  for (const tier of tiers) {
    left -= Math.min(1, tier.health * OVERPROVISIONING);
    if (left < 0) return tier;
  }
  return first;
};

const tiersOf = ({ members }: EndpointSet, { tierOf, inner }: TierOptions): readonly CountedTier[] => {
  const byName = new Map<string, Member[]>();
  for (const member of members) {
    const name = tierOf(member);
    const named = byName.get(name) ?? [];
    byName.set(name, named);
    named.push({ endpoint: member.endpoint, state: member.state, index: named.length });
  }
  return [...byName].map(([name, own]) => ({ name, set: { members: own }, balancer: inner(), health: 1 }));
};

type Inner = Pick<TierOptions, "inner" | "random">;

/** By `Endpoint.priority`, 0 first. */
export const byPriority = (inner: Inner): Balancer =>
  tiered({
    ...inner,
    tierOf: ({ endpoint }) => String(endpoint.priority ?? 0),
    order: memoised((tiers) => tiers.toSorted((a, b) => Number(a.name) - Number(b.name))),
  });

/** Endpoints of `zone` first, all others after them. */
export const byZone = (zone: string, inner: Inner): Balancer =>
  tiered({
    ...inner,
    tierOf: ({ endpoint }) => (endpoint.zone === zone ? "local" : "other"),
    order: memoised((tiers) => tiers.toSorted((a, b) => a.name.localeCompare(b.name))),
  });

/** Time between two rankings of the zones by latency. */
const RANKING_MS = 1_000;

/** Zones in order of the latency that was measured to them. */
export const byLatency = (inner: Inner): Balancer => {
  let ranked: readonly Tier[] = [];
  let from: readonly Tier[] | undefined;
  let rankedAt = Number.NEGATIVE_INFINITY;
  return tiered({
    ...inner,
    tierOf: ({ endpoint }) => endpoint.zone ?? "",
    order(tiers, { now }) {
      if (tiers === from && now - rankedAt < RANKING_MS) return ranked;
      from = tiers;
      rankedAt = now;
      const latency = new Map(tiers.map((tier) => [tier, meanLatency(tier.set, now)]));
      ranked = tiers.toSorted((a, b) => (latency.get(a) ?? 0) - (latency.get(b) ?? 0));
      return ranked;
    },
  });
};

const meanLatency = ({ members }: EndpointSet, now: number): number =>
  members.reduce((sum, { state }) => sum + latencyAt(state, now), 0) / members.length;

/** Where a client is: names from the smallest area to the largest, as `["DE", "EU"]`; empty where that is unknown. */
export type LocationOf = (selection: Selection) => readonly string[];

/** Endpoints whose `region` names the client's area first, from the smallest area on; all others after them. */
export const byRegion = (locationOf: LocationOf, inner: Inner): Balancer =>
  tiered({
    ...inner,
    tierOf: ({ endpoint }) => endpoint.region ?? "",
    order(tiers, selection) {
      const areas = locationOf(selection);
      const placeOf = ({ name }: Tier): number => {
        const place = areas.indexOf(name);
        return place === -1 ? areas.length : place;
      };
      return tiers.toSorted((a, b) => placeOf(a) - placeOf(b));
    },
  });

/** For orders that depend on the tiers alone. */
const memoised = (order: (tiers: readonly Tier[]) => readonly Tier[]): TierOptions["order"] => {
  let from: readonly Tier[] | undefined;
  let ordered: readonly Tier[] = [];
  return (tiers) => {
    if (tiers !== from) {
      from = tiers;
      ordered = order(tiers);
    }
    return ordered;
  };
};
