/** An upstream whose leases are checked one by one. */
import type { Exchange } from "../../src/core/exchange.ts";
import type { Lease } from "../../src/core/lease.ts";
import type { Outcome } from "../../src/core/outcome.ts";
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

const checkedLease = (
  upstream: Upstream,
  exchange: Exchange,
  { invariants, clock, forgetsEvery }: WatchParts,
): Lease => {
  const startedAt = clock.now();
  let lease: Lease;
  try {
    lease = upstream.lease(exchange);
  } catch (thrown) {
    invariants.refused(exchange);
    throw thrown;
  }
  const { endpoint } = lease;
  const entry = invariants.leased(endpoint, exchange);
  const isForgotten = invariants.attempts % forgetsEvery === forgetsEvery - 1;
  let isSettled = false;
  return {
    endpoint,
    switched: (at) => lease.switched(at),
    settle(outcome: Outcome) {
      if (isSettled) invariants.log.violated(`attempt at ${endpoint.origin} was settled twice`);
      isSettled = true;
      if (isForgotten) return;
      entry.close();
      invariants.settled(endpoint, startedAt);
      lease.settle(outcome);
    },
  };
};
