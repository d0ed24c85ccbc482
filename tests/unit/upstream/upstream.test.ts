import { describe, expect, test } from "vitest";
import { ManualClock } from "../../../runtimes/memory/clock.ts";
import { seededRandom } from "../../../runtimes/memory/random.ts";
import { roundRobin } from "../../../src/balance/round-robin.ts";
import { leastLoadedOfTwo } from "../../../src/balance/two-choices.ts";
import type { Endpoint } from "../../../src/core/endpoint.ts";
import { ProxyError } from "../../../src/core/errors.ts";
import type { Exchange } from "../../../src/core/exchange.ts";
import type { Lease } from "../../../src/core/lease.ts";
import { BREAKER_DEFAULTS, Breaker } from "../../../src/resilience/breaker.ts";
import { createEndpoint } from "../../../src/upstream/endpoint.ts";
import { createEndpointRegistry } from "../../../src/upstream/registry.ts";
import { type Upstream, type UpstreamOptions, createUpstream } from "../../../src/upstream/upstream.ts";
import { AMPLE_TIMEOUTS, testExchange } from "../../support/attempt.ts";
import { POOL } from "../../support/endpoints.ts";
import { failure, outcome } from "../../support/services.ts";

const endpoints = (...names: readonly string[]): Endpoint[] =>
  names.map((name) =>
    createEndpoint({ upstream: "u", url: `http://${name}.test`, weight: 1, tls: undefined, pool: POOL }),
  );

/** An exchange without attempts. */
const fresh = (): Exchange => ({
  ...testExchange(),
  trail: { attempts: 0, endpoint: undefined, edits: undefined, failure: undefined },
});

const rig = (more: Partial<UpstreamOptions> = {}) => {
  const clock = new ManualClock();
  const registry = createEndpointRegistry();
  const panics: number[] = [];
  const upstream = createUpstream({
    name: "u",
    endpoints: endpoints("a", "b"),
    host: { kind: "upstream" },
    timeouts: AMPLE_TIMEOUTS,
    viaFetch: false,
    balancer: leastLoadedOfTwo(seededRandom(1)),
    registry,
    clock,
    onPanic: () => void panics.push(clock.now()),
    equip(state) {
      state.breaker ??= new Breaker({ options: BREAKER_DEFAULTS, random: seededRandom(1) });
    },
    ...more,
  });
  upstream.takeEffect();
  return { clock, registry, upstream, panics };
};

const hostOf = (lease: Lease): string => lease.endpoint.authority;
const leases = (upstream: Upstream, count: number): Lease[] =>
  Array.from({ length: count }, () => upstream.lease(fresh()));
const refusal = (upstream: Upstream): ProxyError => {
  try {
    upstream.lease(fresh());
  } catch (thrown) {
    if (thrown instanceof ProxyError) return thrown;
  }
  throw new Error("a lease was granted");
};
const failed = () =>
  outcome({ ending: "failed", status: undefined, error: failure("connect-failed", "connecting") });
const state = (upstream: Upstream, index: number) => {
  const member = upstream.set.members[index];
  if (member === undefined) throw new Error("no such endpoint");
  return member.state;
};

describe("lease", () => {
  test("counts as load until it is settled", () => {
    const { upstream } = rig();
    const taken = leases(upstream, 10);
    expect([state(upstream, 0).inFlight, state(upstream, 1).inFlight]).toEqual([5, 5]);
    for (const lease of taken) lease.settle(outcome());
    expect([state(upstream, 0).inFlight, state(upstream, 1).inFlight]).toEqual([0, 0]);
  });

  test("goes to an endpoint that the exchange has not tried, as long as there is one", () => {
    const { upstream } = rig();
    const exchange = fresh();
    for (let i = 0; i < 20; i++) {
      const first = upstream.lease(exchange);
      exchange.trail.attempts = 1;
      exchange.trail.endpoint = first.endpoint;
      expect(hostOf(upstream.lease(exchange))).not.toBe(hostOf(first));
    }
    const single = rig({ endpoints: endpoints("a") }).upstream;
    exchange.trail.endpoint = single.endpoints[0];
    expect(hostOf(single.lease(exchange))).toBe("a.test");
  });

  test("opens its endpoint's breaker by failures of any attempts", () => {
    const { upstream } = rig();
    for (let i = 0; i < 20; i++) {
      const lease = upstream.lease(fresh());
      lease.settle(hostOf(lease) === "a.test" ? failed() : outcome());
    }
    expect(upstream.standing().map(({ exclusion }) => exclusion)).toEqual(["circuit-open", undefined]);
    expect(new Set(leases(upstream, 20).map(hostOf))).toEqual(new Set(["b.test"]));
  });
});

describe("upstream without a usable endpoint", () => {
  test("refuses with circuit-open and the time until the first probe", async () => {
    const { clock, upstream } = rig();
    for (let i = 0; i < 10; i++) upstream.lease(fresh()).settle(failed());
    await clock.advance(1_000);
    const error = refusal(upstream);
    expect(error.code).toBe("circuit-open");
    expect(Number(error.headers?.["retry-after"])).toBeGreaterThanOrEqual(3);
    expect(Number(error.headers?.["retry-after"])).toBeLessThanOrEqual(5);
  });

  test("refuses with no-endpoint where all have weight 0, or there is none", () => {
    const drained = endpoints("a").map((endpoint) => ({ ...endpoint, weight: 0 }));
    expect(refusal(rig({ endpoints: drained }).upstream).code).toBe("no-endpoint");
    expect(refusal(rig({ endpoints: [] }).upstream).code).toBe("no-endpoint");
  });

  test("refuses with overloaded where all are at their limit", () => {
    const { upstream } = rig({ maxInFlight: 3 });
    leases(upstream, 6);
    expect(refusal(upstream).code).toBe("overloaded");
  });
});

describe("panic", () => {
  const unhealthy = (upstream: Upstream, ...indices: readonly number[]): void => {
    for (const index of indices) state(upstream, index).health = { isUp: false };
  };

  test("disregards health where nobody is healthy, and says so", () => {
    const { upstream, panics } = rig();
    unhealthy(upstream, 0);
    expect(new Set(leases(upstream, 10).map(hostOf))).toEqual(new Set(["b.test"]));
    expect(panics).toHaveLength(0);
    unhealthy(upstream, 1);
    expect(new Set(leases(upstream, 20).map(hostOf))).toEqual(new Set(["a.test", "b.test"]));
    expect(panics).toHaveLength(1);
  });

  test("is reported again when it begins anew, also where it begins below a threshold", async () => {
    const { clock, upstream, panics } = rig({ panicThreshold: 1 });
    unhealthy(upstream, 0);
    await clock.advance(100);
    leases(upstream, 5);
    await clock.advance(9_000);
    leases(upstream, 5);
    expect(panics).toEqual([100]);
    await clock.advance(10_001);
    leases(upstream, 5);
    expect(panics).toEqual([100, 19_101]);
  });

  test("is not what comes before the first check", async () => {
    const { upstream, panics } = rig();
    for (const index of [0, 1]) state(upstream, index).health = { isUp: false, wasChecked: false };
    expect(new Set(leases(upstream, 20).map(hostOf))).toEqual(new Set(["a.test", "b.test"]));
    expect(panics).toEqual([]);
    state(upstream, 0).health = { isUp: false, wasChecked: true };
    leases(upstream, 2);
    expect(panics).toEqual([0]);
  });

  test("never overrules a breaker or weight 0", () => {
    const { upstream } = rig();
    unhealthy(upstream, 0, 1);
    const breaker = state(upstream, 0).breaker;
    if (breaker instanceof Breaker) breaker.open(0);
    expect(new Set(leases(upstream, 10).map(hostOf))).toEqual(new Set(["b.test"]));
  });

  test("begins below a threshold where one is set", async () => {
    const { clock, upstream } = rig({ endpoints: endpoints("a", "b", "c", "d"), panicThreshold: 0.5 });
    unhealthy(upstream, 0, 1);
    expect(new Set(leases(upstream, 30).map(hostOf)).size).toBe(2);
    unhealthy(upstream, 2);
    await clock.advance(100);
    expect(new Set(leases(upstream, 100).map(hostOf)).size).toBe(4);
  });

  test("leaves out ejected endpoints until their time is over", async () => {
    const { clock, upstream } = rig();
    state(upstream, 0).ejection = { until: 500, count() {} };
    expect(new Set(leases(upstream, 10).map(hostOf))).toEqual(new Set(["b.test"]));
    await clock.advance(500);
    expect(new Set(leases(upstream, 20).map(hostOf)).size).toBe(2);
  });
});

describe("shared counters", () => {
  const turnsAt =
    (upstream: Upstream) =>
    (tried: Exchange["trail"]["endpoint"]): string => {
      const exchange = fresh();
      exchange.trail.endpoint = tried;
      exchange.trail.attempts = tried === undefined ? 0 : 1;
      return hostOf(upstream.lease(exchange));
    };

  test("advance for requests that come from another upstream", () => {
    const turn = turnsAt(rig({ balancer: roundRobin(seededRandom(1)) }).upstream);
    const [other] = endpoints("x").map((endpoint) => ({ ...endpoint, upstream: "other" }));
    const [first, second] = [turn(other), turn(other)];
    expect(second).not.toBe(first);
    expect([turn(undefined), turn(undefined)]).toEqual([first, second]);
  });

  test("stand still for another attempt at the same upstream", () => {
    const turn = turnsAt(rig({ balancer: roundRobin(seededRandom(1)) }).upstream);
    const [own] = endpoints("x");
    const first = turn(undefined);
    for (let i = 0; i < 3; i++) turn(own);
    expect(turn(undefined)).not.toBe(first);
    for (let i = 0; i < 2; i++) turn(own);
    expect(turn(undefined)).toBe(first);
  });
});

describe("changed endpoints", () => {
  test("keep the state of those that stay", () => {
    const { upstream } = rig();
    const [lease] = leases(upstream, 1);
    const kept = upstream.set.members.map((member) => member.state);
    upstream.update(endpoints("b", "c", "a"));
    expect(upstream.set.members.map((member) => kept.indexOf(member.state))).toEqual([1, -1, 0]);
    lease?.settle(outcome());
    expect(upstream.set.members.map((member) => member.state.inFlight)).toEqual([0, 0, 0]);
  });

  test("start new ones slowly", async () => {
    const { clock, upstream } = rig({ slowStartMs: 30_000 });
    await clock.advance(60_000);
    upstream.update(endpoints("a", "b", "c"));
    const shareOf = async (name: string): Promise<number> => {
      let found = 0;
      for (let i = 0; i < 3_000; i++) {
        const lease = upstream.lease(fresh());
        if (hostOf(lease) === name) found += 1;
        lease.settle(outcome());
      }
      return found / 1_000;
    };
    expect(await shareOf("c.test")).toBeLessThan(0.25);
    await clock.advance(15_000);
    const half = await shareOf("c.test");
    expect(half).toBeGreaterThan(0.4);
    expect(half).toBeLessThan(0.8);
    await clock.advance(15_000);
    expect(await shareOf("c.test")).toBeGreaterThan(0.9);
  });

  test("start slowly when their weight was 0", async () => {
    const { clock, upstream } = rig();
    const weighing = (weight: number) =>
      endpoints("a", "b").map((each, i) => ({ ...each, weight: i === 0 ? weight : 1 }));
    const [a, b] = upstream.set.members.map((member) => member.state);
    upstream.update(weighing(0));
    await clock.advance(1_000);
    upstream.update(weighing(5));
    await clock.advance(1_000);
    upstream.update(weighing(9));
    expect([a?.warmingSince, b?.warmingSince]).toEqual([1_000, -Infinity]);
  });

  test("do not start slowly where they are the first", async () => {
    const { clock, upstream } = rig({ endpoints: [] });
    await clock.advance(1_000);
    upstream.update(endpoints("a", "b"));
    expect(upstream.set.members.map(({ state: each }) => each.warmingSince)).toEqual([-Infinity, -Infinity]);
  });

  test("are known again when they come back within ten minutes, and forgotten later", async () => {
    const { clock, upstream, registry } = rig();
    const [a, b] = upstream.set.members.map((member) => member.state);
    upstream.update(endpoints("a"));
    await clock.advance(599_999);
    upstream.update(endpoints("a", "b"));
    expect(upstream.set.members.map((member) => member.state)).toEqual([a, b]);
    expect(upstream.set.members[1]?.state).toBe(b);
    const [lease] = leases(upstream, 40).filter((each) => hostOf(each) === "b.test");
    upstream.update(endpoints("a"));
    await clock.advance(600_000);
    // Attempts are in flight still.
    upstream.update(endpoints("a", "c"));
    expect(registry.stateOf(lease?.endpoint.key ?? "")).toBe(b);
    if (b !== undefined) b.inFlight = 0;
    upstream.update(endpoints("a"));
    expect(registry.stateOf(lease?.endpoint.key ?? "")).not.toBe(b);
  });

  test("are forgotten once nothing is in flight", () => {
    const { registry, upstream } = rig();
    const [lease] = leases(upstream, 1);
    const before = registry.stateOf(lease?.endpoint.key ?? "");
    expect(registry.forget(before.key)).toBe(false);
    expect(registry.stateOf(before.key)).toBe(before);
    lease?.settle(outcome());
    expect(registry.forget(before.key)).toBe(true);
    expect(registry.stateOf(before.key)).not.toBe(before);
  });
});

describe("endpoints changed by hand", () => {
  const weights = ({ set }: Upstream): number[] => set.members.map(({ endpoint }) => endpoint.weight);

  test("a drained one gets nothing new, not even in panic, and starts slowly when it is back", () => {
    const { upstream, clock } = rig({ slowStartMs: 30_000 });
    const [a, b] = upstream.endpoints;
    if (a === undefined || b === undefined) throw new Error("no endpoints");
    upstream.override(a, { isDrained: true, weight: undefined });
    expect(new Set(leases(upstream, 20).map(hostOf))).toEqual(new Set(["b.test"]));
    upstream.override(b, { isDrained: true, weight: undefined });
    expect(refusal(upstream).code).toBe("no-endpoint");
    const { state } = upstream.set.members[0] ?? {};
    expect(state?.warmingSince).toBe(Number.NEGATIVE_INFINITY);
    upstream.override(a, undefined);
    expect(state?.warmingSince).toBe(clock.now());
    expect(new Set(leases(upstream, 20).map(hostOf))).toEqual(new Set(["a.test"]));
  });

  test("a weight by hand counts in place of the configured one, which stays known", () => {
    const { upstream } = rig();
    const [a] = upstream.endpoints;
    if (a === undefined) throw new Error("no endpoints");
    upstream.override(a, { isDrained: false, weight: 5 });
    expect(weights(upstream)).toEqual([5, 1]);
    expect(upstream.endpoints.map(({ weight }) => weight)).toEqual([1, 1]);
    upstream.override(a, { isDrained: true, weight: 5 });
    expect(weights(upstream)).toEqual([0, 1]);
    upstream.override(a, undefined);
    expect(weights(upstream)).toEqual([1, 1]);
  });

  test("they stay so in the next plan, and over changes by discovery", () => {
    const first = rig();
    const [a] = first.upstream.endpoints;
    if (a === undefined) throw new Error("no endpoints");
    first.upstream.override(a, { isDrained: true, weight: undefined });
    first.upstream.update(endpoints("a", "b", "c"));
    expect(weights(first.upstream)).toEqual([0, 1, 1]);
    const next = rig({ registry: first.registry });
    expect(weights(next.upstream)).toEqual([0, 1]);
  });
});
