/** An upstream whose leases are checked one by one. */
import type { Member } from "../../src/core/endpoint-state.ts";
import type { Exchange } from "../../src/core/exchange.ts";
import type { Lease } from "../../src/core/lease.ts";
import type { Outcome } from "../../src/core/outcome.ts";
import { Breaker } from "../../src/resilience/breaker.ts";
import type { Upstream } from "../../src/upstream/upstream.ts";
import type { EventClock } from "./event-clock.ts";
import type { Invariants } from "./invariants.ts";

export interface WatchParts {
  readonly invariants: Invariants;
  readonly clock: EventClock;
  /** Leases that are never settled: one in so many. Infinity is none. */
  readonly forgetsEvery: number;
}

export const watchedUpstream = (upstream: Upstream, parts: WatchParts): Upstream => ({
  name: upstream.name,
  host: upstream.host,
  timeouts: upstream.timeouts,
  viaFetch: upstream.viaFetch,
  layers: upstream.layers,
  open: upstream.open,
  get endpoints() {
    return upstream.endpoints;
  },
  get set() {
    return upstream.set;
  },
  get departed() {
    return upstream.departed;
  },
  takeEffect: () => upstream.takeEffect(),
  update: (endpoints) => upstream.update(endpoints),
  override: (endpoint, byHand) => upstream.override(endpoint, byHand),
  standing: () => upstream.standing(),
  lease: (exchange) => checkedLease(upstream, exchange, parts),
});

/** What speaks against an endpoint, found without the code that is tested. */
export const objectionTo = (
  { endpoint, state }: Member,
  now: number,
): "open" | "doubted" | "drained" | undefined => {
  if (endpoint.weight === 0) return "drained";
  const breaker = state.breaker instanceof Breaker ? state.breaker.state(now) : undefined;
  if (breaker?.kind === "open" && breaker.until > now) return "open";
  if (breaker?.kind === "half-open" && breaker.probing >= 3) return "open";
  if (state.health?.isUp === false) return "doubted";
  return (state.ejection?.until ?? 0) > now ? "doubted" : undefined;
};

const checkedLease = (
  upstream: Upstream,
  exchange: Exchange,
  { invariants, clock, forgetsEvery }: WatchParts,
): Lease => {
  const now = clock.now();
  const before = new Map(
    upstream.set.members.map((member) => [member.endpoint.key, objectionTo(member, now)]),
  );
  const loads = new Map(upstream.set.members.map(({ endpoint, state }) => [endpoint.key, state.inFlight]));
  const lease = upstream.lease(exchange);
  invariants.leased({ endpoint: lease.endpoint, before, loads, set: upstream.set });
  const isForgotten = invariants.attempts % forgetsEvery === forgetsEvery - 1;
  let isSettled = false;
  return {
    endpoint: lease.endpoint,
    switched: (at) => lease.switched(at),
    settle(outcome: Outcome) {
      if (isSettled) invariants.violated(`attempt at ${lease.endpoint.origin} was settled twice`);
      isSettled = true;
      if (isForgotten) return;
      invariants.released();
      lease.settle(outcome);
    },
  };
};
