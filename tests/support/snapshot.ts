/** A proxy's state as its admin listener tells it. */
import type { EndpointSnapshot, Snapshot, Traffic, UpstreamSnapshot } from "../../handlers/snapshot.ts";

export const traffic = (requests: number = 0, recent: Partial<Traffic["recent"]> = {}): Traffic => ({
  requests,
  byStatus: {},
  errors: {},
  recent: { seconds: 60, requests: 0, failures: 0, ...recent },
});

export const endpoint = (address: string, more: Partial<EndpointSnapshot> = {}): EndpointSnapshot => ({
  address,
  weight: { configured: 1, effective: 1 },
  drained: false,
  inFlight: 0,
  breaker: { state: "closed" },
  traffic: traffic(),
  ...more,
});

export const upstream = (
  name: string,
  endpoints: readonly EndpointSnapshot[],
  more: Partial<UpstreamSnapshot> = {},
): UpstreamSnapshot => ({
  name,
  balance: "p2c",
  checked: false,
  discovered: false,
  traffic: traffic(),
  endpoints,
  ...more,
});

export const snapshot = (more: Partial<Snapshot> = {}): Snapshot => ({
  time: 3_725_000,
  version: "0.1.0",
  runtime: "Node 26.10.0",
  startedAt: 0,
  draining: false,
  threads: [
    { id: 0, startedAt: 0, state: "running", connections: { open: 2, accepted: 2, refused: 0, tunnels: 0 } },
  ],
  config: { generation: 1, loadedAt: 0, sources: ["fairlead.json"] },
  listeners: [],
  connections: { open: 2, accepted: 2, refused: 0, tunnels: 0 },
  traffic: traffic(),
  routes: [],
  upstreams: [],
  ...more,
});
