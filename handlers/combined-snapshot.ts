/** Snapshots of several threads as one of their process. */
import type { ThreadView } from "./other-threads.ts";
import type {
  BreakerSnapshot,
  ConnectionCounts,
  EndpointSnapshot,
  Snapshot,
  UpstreamSnapshot,
} from "./snapshot.ts";

const NO_CONNECTIONS: ConnectionCounts = { open: 0, accepted: 0, refused: 0, tunnels: 0 };

/** @param own of the thread that answers no requests: what it checks, discovers and measures is that of all. */
export const combinedSnapshot = (own: Snapshot, threads: readonly ThreadView[]): Snapshot => {
  const snapshots = threads.flatMap(({ snapshot }) => (snapshot === undefined ? [] : [snapshot]));
  return {
    ...own,
    threads: threads.map(({ id, startedAt, state, snapshot }) => ({
      id,
      startedAt,
      state,
      connections: snapshot?.connections ?? NO_CONNECTIONS,
    })),
    listeners: [...(snapshots[0]?.listeners ?? []), ...own.listeners],
    connections: snapshots.map(({ connections }) => connections).reduce(added, NO_CONNECTIONS),
    upstreams: own.upstreams.map((upstream) =>
      combinedUpstream(
        upstream,
        snapshots.flatMap(({ upstreams }) => upstreams.filter(({ name }) => name === upstream.name)),
      ),
    ),
  };
};

const added = (one: ConnectionCounts, other: ConnectionCounts): ConnectionCounts => ({
  open: one.open + other.open,
  accepted: one.accepted + other.accepted,
  refused: one.refused + other.refused,
  tunnels: one.tunnels + other.tunnels,
});

const combinedUpstream = (own: UpstreamSnapshot, others: readonly UpstreamSnapshot[]): UpstreamSnapshot => {
  const budgets = defined(others.map(({ retryBudget }) => retryBudget));
  const caps = defined(others.map(({ concurrency }) => concurrency));
  return {
    ...own,
    ...(budgets.length > 0 && { retryBudget: sum(budgets) }),
    ...(caps.length > 0 && {
      concurrency: {
        inProgress: sum(caps.map(({ inProgress }) => inProgress)),
        waiting: sum(caps.map(({ waiting }) => waiting)),
        limit: Math.max(...caps.map(({ limit }) => limit)),
      },
    }),
    endpoints: own.endpoints.map((endpoint) =>
      combinedEndpoint(
        endpoint,
        others.flatMap(({ endpoints }) => endpoints.filter(({ address }) => address === endpoint.address)),
      ),
    ),
  };
};

const combinedEndpoint = (own: EndpointSnapshot, others: readonly EndpointSnapshot[]): EndpointSnapshot => {
  const { exclusion: _, breaker: __, latency: ___, ejectedUntil: ____, ...common } = own;
  const exclusions = others.map(({ exclusion }) => exclusion);
  const [exclusion] = exclusions;
  const latencies = defined(others.map(({ latency }) => latency));
  const breaker = worst(defined(others.map((each) => each.breaker)));
  const ejections = defined(others.map(({ ejectedUntil }) => ejectedUntil));
  return {
    ...common,
    inFlight: sum(others.map(({ inFlight }) => inFlight)),
    // As long as one thread has traffic for it, it takes traffic.
    ...(exclusion !== undefined && !exclusions.includes(undefined) && { exclusion }),
    ...(latencies.length > 0 && { latency: sum(latencies) / latencies.length }),
    ...(breaker !== undefined && { breaker }),
    ...(ejections.length > 0 && { ejectedUntil: Math.max(...ejections) }),
  };
};

const SEVERITY: Readonly<Record<BreakerSnapshot["state"], number>> = { closed: 0, "half-open": 1, open: 2 };

const worst = (breakers: readonly BreakerSnapshot[]): BreakerSnapshot | undefined =>
  breakers.toSorted((a, b) => SEVERITY[b.state] - SEVERITY[a.state])[0];

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0);

const defined = <Value>(values: readonly (Value | undefined)[]): readonly Value[] =>
  values.filter((value) => value !== undefined);
