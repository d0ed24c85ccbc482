/** What the dashboard's event stream carries, as JSON. Times are milliseconds since 1970, durations are seconds. */
import type { Change, FailureEntry } from "../control.ts";
import type { EndpointSnapshot, RouteSnapshot, Snapshot, UpstreamSnapshot } from "../snapshot.ts";

/** The first event of a stream, and whenever its reader has missed one: everything. */
export interface FullMessage {
  readonly overview: Overview;
  /** What the proxy's error codes mean. */
  readonly causes: Readonly<Record<string, CauseInfo>>;
  /** Oldest first. */
  readonly samples: readonly Sample[];
  readonly endpoints: readonly EndpointRow[];
  /** Newest first. */
  readonly failures: readonly FailureEntry[];
  /** Newest first. */
  readonly activity: readonly Activity[];
}

/** Once a second: what has changed since the event before. */
export interface TickMessage {
  readonly overview: Overview;
  readonly sample: Sample;
  /** Those that differ from what was sent before. */
  readonly endpoints: readonly EndpointRow[];
  /** Ids of endpoints that are no longer there. */
  readonly gone: readonly string[];
  /** Newest first. */
  readonly failures: readonly FailureEntry[];
  /** Further failures in this second, which are counted and not shown. */
  readonly failuresLeftOut: number;
  /** Newest first. */
  readonly activity: readonly Activity[];
}

export interface CauseInfo {
  readonly title: string;
  /** Who has to change something. */
  readonly fault: "client" | "upstream" | "gateway";
}

/** A snapshot without the endpoints, which are sent as rows. */
export interface Overview extends Omit<Snapshot, "upstreams" | "routes"> {
  /** False where the config switches metrics off: then all traffic is 0. */
  readonly isMeasured: boolean;
  readonly routes: readonly RouteSummary[];
  readonly upstreams: readonly UpstreamSummary[];
}

/** Counts since the start, and of about the last minute. */
export interface TrafficSummary {
  readonly requests: number;
  /** Of the last minute. */
  readonly recent: Snapshot["traffic"]["recent"];
}

export interface RouteSummary extends Omit<RouteSnapshot, "traffic"> {
  readonly traffic: TrafficSummary;
}

export interface UpstreamSummary extends Omit<UpstreamSnapshot, "traffic" | "endpoints"> {
  readonly traffic: TrafficSummary;
  readonly endpoints: number;
  /** Of those, how many take new traffic. */
  readonly available: number;
}

export interface EndpointRow extends Omit<EndpointSnapshot, "traffic"> {
  /** Names it in this stream. */
  readonly id: string;
  readonly upstream: string;
  readonly traffic: TrafficSummary;
}

/** One second of traffic. */
export interface Sample {
  readonly time: number;
  /** Length of what it sums up; 0 for the first one, which has nothing to compare with. */
  readonly seconds: number;
  /** That ended in it. */
  readonly requests: number;
  /** Of those, how many failed through no fault of the client. */
  readonly failures: number;
  /** By cause: an error code of the proxy, or the status of an upstream's answer. */
  readonly causes: Readonly<Record<string, number>>;
  /** Of the requests that ended in the last ten seconds; left out without any. */
  readonly p50?: number | undefined;
  readonly p95?: number | undefined;
  readonly p99?: number | undefined;
}

/** Something that upstreams, the config or operators changed. */
export type Activity = Exclude<Change, { readonly kind: "failure" }>;
