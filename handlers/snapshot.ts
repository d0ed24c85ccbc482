/**
 * The state of a proxy as plain data, for the admin API, the dashboard and `fairlead top`. Times are milliseconds since 1970,
 * durations are seconds. What does not apply is left out.
 */
import type { Traffic } from "../src/observe/traffic.ts";
import type { Exclusion } from "../src/upstream/selection.ts";

export type { Traffic } from "../src/observe/traffic.ts";

/** One look at everything. */
export interface Snapshot {
  readonly time: number;
  readonly version: string;
  /** `Node 26.1.0`, say. */
  readonly runtime: string;
  readonly startedAt: number;
  readonly draining: boolean;
  /** At least one: the first answers where there is only one. */
  readonly threads: readonly ThreadSnapshot[];
  readonly config: ConfigSnapshot;
  readonly listeners: readonly ListenerSnapshot[];
  readonly connections: ConnectionCounts;
  /** Of all requests, refused ones included. All traffic is zero where nothing is measured. */
  readonly traffic: Traffic;
  readonly routes: readonly RouteSnapshot[];
  readonly upstreams: readonly UpstreamSnapshot[];
}

export interface ThreadSnapshot {
  readonly id: number;
  readonly startedAt: number;
  /** `running`, `draining`, or `gone` while it is being replaced. */
  readonly state: "running" | "draining" | "gone";
  readonly connections: ConnectionCounts;
}

export interface ConfigSnapshot {
  /** How many configs were put into effect, the first included. */
  readonly generation: number;
  readonly loadedAt: number;
  /** File, variables and flags that it comes from, or "admin API". */
  readonly sources: readonly string[];
  /** Why the last attempt to put one into effect failed; left out once a later one succeeded. */
  readonly lastError?: { readonly at: number; readonly message: string } | undefined;
}

export interface ListenerSnapshot {
  readonly scheme: "http" | "https";
  /** `host:port`, or the path of a Unix socket. */
  readonly address: string;
  readonly role: "traffic" | "redirect" | "admin";
}

/** Client connections, without those of the admin listener. */
export interface ConnectionCounts {
  readonly open: number;
  /** Since the start. */
  readonly accepted: number;
  /** Since the start: closed at once for want of room. */
  readonly refused: number;
  /** Of those open, how many are tunnels. */
  readonly tunnels: number;
}

export interface RouteSnapshot {
  readonly name: string;
  /** In words, one for each match: `GET api.example.com/v1/*`. Never the values of headers, query or cookies. */
  readonly match: readonly string[];
  readonly action: "forward" | "redirect" | "respond";
  /** That it forwards to, and their weights. */
  readonly upstreams: readonly { readonly name: string; readonly weight: number }[];
  readonly traffic: Traffic;
}

export interface UpstreamSnapshot {
  readonly name: string;
  /** Name of its balancing policy; `function` for one that a config in TypeScript brings. */
  readonly balance: string;
  /** Whether active checks run. */
  readonly checked: boolean;
  /** Whether its endpoints are found while the proxy runs. */
  readonly discovered: boolean;
  /** Retries that may be made at once. */
  readonly retryBudget?: number | undefined;
  readonly concurrency?:
    | { readonly inProgress: number; readonly waiting: number; readonly limit: number }
    | undefined;
  readonly traffic: Traffic;
  readonly endpoints: readonly EndpointSnapshot[];
}

export interface EndpointSnapshot {
  /** Unique in its upstream: `http://10.0.0.1:3000/base`, or the path of a Unix socket. */
  readonly address: string;
  readonly weight: {
    /** As the config or discovery has it. */
    readonly configured: number;
    /** Set by hand instead; left out where none is. */
    readonly byHand?: number | undefined;
    /** That counts now: 0 while drained. */
    readonly effective: number;
  };
  /** Whether somebody drained it by hand. */
  readonly drained: boolean;
  /** Why it takes no new traffic; left out where it does. */
  readonly exclusion?: Exclusion | undefined;
  readonly inFlight: number;
  /** Average time to the response's head, in seconds, which remembers its peaks; left out before the first. */
  readonly latency?: number | undefined;
  /** Left out where no active checks run. */
  readonly health?: { readonly state: "up" | "down" | "unknown"; readonly lastResult: string } | undefined;
  /** Left out where the upstream has none. */
  readonly breaker?: BreakerSnapshot | undefined;
  /** Left out where it is not ejected. */
  readonly ejectedUntil?: number | undefined;
  readonly priority?: number | undefined;
  readonly zone?: string | undefined;
  /** Of attempts. */
  readonly traffic: Traffic;
}

export interface BreakerSnapshot {
  readonly state: "closed" | "open" | "half-open";
  /** When an open breaker lets probes through. Left out where it was opened by hand, which has no end. */
  readonly until?: number | undefined;
}
