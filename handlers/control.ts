/**
 * What operators see and change while the proxy runs. The admin API, the dashboard and `fairlead top` are built on it.
 *
 * All arguments and results are plain data that structured clone copies, so that one thread can answer for all.
 */
import type { LogThreshold } from "../src/observe/event-log.ts";
import type { FailureEntry, JournalEntry } from "../src/observe/journal.ts";
import type { Snapshot } from "./snapshot.ts";

export type { FailureEntry } from "../src/observe/journal.ts";

export interface Control {
  /** Cheap enough for one a second with a thousand endpoints. */
  snapshot(): Promise<Snapshot>;
  /** Never rejects: what can't be done is a result. */
  act(action: Action, actor: Actor): Promise<ActionResult>;
  config(): Promise<ConfigView>;
  /** Says what is wrong with a config, and changes nothing. */
  checkConfig(document: ConfigDocument): Promise<ConfigVerdict>;
  /** Puts a config into effect until the next reload or restart. A bad one changes nothing. */
  putConfig(document: ConfigDocument, actor: Actor): Promise<ConfigVerdict>;
  /** Client connections, oldest first. */
  connections(query: ConnectionQuery): Promise<ConnectionPage>;
  /** What would become of a request now, without sending anything. */
  explain(request: ExplainRequest): Promise<ExplainResult>;
  /** The last failed requests, newest first: at most a hundred by fault of clients, and a hundred others. */
  failures(): Promise<readonly FailureEntry[]>;
  /** Calls `listener` with what changes from now on, until the function returned is called. One that throws is ignored. */
  subscribe(listener: (change: Change) => void): () => void;
}

/** Names an endpoint: `endpoint` is `EndpointSnapshot.address`. */
export interface EndpointName {
  readonly upstream: string;
  readonly endpoint: string;
}

export type Action =
  /** No new traffic, until `enable`. Survives reloads. */
  | ({ readonly kind: "drain" } & EndpointName)
  /** Ends `drain`. */
  | ({ readonly kind: "enable" } & EndpointName)
  /** Instead of the configured weight; null is the configured one again. Survives reloads. */
  | ({ readonly kind: "weight"; readonly weight: number | null } & EndpointName)
  | ({ readonly kind: "breaker"; readonly to: "open" | "close" | "reset" } & EndpointName)
  /** Checks one endpoint, or all of the upstream, and waits for the results. */
  | { readonly kind: "check-health"; readonly upstream: string; readonly endpoint?: string | undefined }
  /** `""` is every category that has no level of its own. */
  | { readonly kind: "log-level"; readonly category: string; readonly level: LogThreshold }
  | { readonly kind: "close-connection"; readonly id: string }
  /** Another process takes the place of this one, once it serves. Without success this one goes on. */
  | { readonly kind: "upgrade"; readonly timeoutMs?: number | undefined };

/** Who asks for a change, for the audit log. */
export interface Actor {
  /** Address of the client; "" for a Unix socket. */
  readonly peer: string;
  /** Name of the token that was sent; undefined where none was needed. */
  readonly token?: string | undefined;
}

export type ActionResult =
  | { readonly ok: true; readonly message: string }
  | {
      readonly ok: false;
      /** `unknown`: nothing has that name. `impossible`: it is there, but can't do that. `failed`: it was tried. */
      readonly reason: "unknown" | "impossible" | "failed";
      readonly message: string;
    };

export interface ConfigView {
  readonly generation: number;
  readonly loadedAt: number;
  readonly sources: readonly string[];
  readonly lastError?: { readonly at: number; readonly message: string } | undefined;
  /** Defaults filled in, `***` in place of every secret. */
  readonly config: unknown;
}

/** A whole config, as a `fairlead.json` would have it. */
export type ConfigDocument = unknown;

export type ConfigVerdict =
  | {
      readonly ok: true;
      /** Of the config in effect. */
      readonly generation: number;
    }
  | { readonly ok: false; readonly problems: readonly ConfigComplaint[] };

export interface ConfigComplaint {
  /** `upstreams.api.endpoints[1].url`; "" for the whole. */
  readonly path: string;
  /** One sentence, without secrets. */
  readonly message: string;
}

export interface ConnectionQuery {
  /** Those after this one. @default from the oldest on */
  readonly after?: string | undefined;
  /** 1 to `MOST_CONNECTIONS`. */
  readonly limit: number;
  /** Only tunnels. @default all */
  readonly tunnels?: boolean | undefined;
}

/** Most connections of a page. */
export const MOST_CONNECTIONS = 1_000;

export interface ConnectionPage {
  /** How many there are that the query asks for, on all pages. */
  readonly total: number;
  readonly connections: readonly ConnectionEntry[];
  /** For `after`; left out on the last page. */
  readonly next?: string | undefined;
}

export interface ConnectionEntry {
  /** Stable while it is open; never used again. */
  readonly id: string;
  readonly peer: string;
  /** Address that the client connected to. */
  readonly listener: string;
  readonly scheme: "http" | "https";
  readonly since: number;
  /** Requests that have begun on it. */
  readonly requests: number;
  readonly state: "idle" | "busy" | "tunnel";
  /** Of the request or tunnel of the moment. */
  readonly request?:
    | { readonly method: string; readonly since: number; readonly id?: string; readonly route?: string }
    | undefined;
  /** `websocket`, say. */
  readonly protocol?: string | undefined;
}

export interface ExplainRequest {
  readonly method: string;
  /** Whole: `https://example.com/path`. */
  readonly url: string;
  readonly headers?: readonly (readonly [name: string, value: string])[] | undefined;
  /** Address of the client. @default 127.0.0.1 */
  readonly from?: string | undefined;
}

export type ExplainResult =
  | { readonly ok: true; readonly explanation: Explanation }
  /** What is wrong with the request to explain. */
  | { readonly ok: false; readonly message: string };

/** Secrets of the config and values of credential headers are masked. */
export interface Explanation {
  readonly request: { readonly method: string; readonly url: string };
  /** Path and query as they are routed, where they differ from those that were sent. */
  readonly normalised?: string | undefined;
  readonly route?:
    | { readonly name: string; readonly match: string; readonly layers: readonly string[] }
    | undefined;
  readonly upstream?: ExplainedUpstream | undefined;
  /** Of the proxy itself; left out where an upstream answers. */
  readonly answer?: ExplainedAnswer | undefined;
  /** Header section that leaves for the upstream. */
  readonly requestFields: readonly ExplainedField[];
  /** What becomes of the answer's header section. */
  readonly responseFields: readonly ExplainedField[];
  /** Why the other matches of routes were not taken, those that came closest first. */
  readonly otherRoutes: readonly {
    readonly name: string;
    readonly match: string;
    readonly outcome: "passed-over" | "outranked" | "other-method" | "unmatched";
    readonly reason: string;
  }[];
}

export interface ExplainedUpstream {
  readonly name: string;
  readonly endpoint: string;
  readonly method: string;
  readonly target: string;
  /** Endpoints that may not be chosen now, and why. */
  readonly excluded: readonly { readonly endpoint: string; readonly reason: string }[];
}

export interface ExplainedAnswer {
  readonly status: number;
  readonly code?: string;
  readonly message: string;
  /** Where no endpoint may be chosen: those of the route's upstreams, and why not. */
  readonly excluded?:
    | readonly { readonly upstream: string; readonly endpoint: string; readonly reason: string }[]
    | undefined;
}

export interface ExplainedField {
  readonly change: "kept" | "added" | "removed";
  readonly name: string;
  readonly value: string;
}

export type Change =
  /** A request that failed, or something that an upstream decided by itself. */
  | JournalEntry
  /** Another config is in effect, or one was refused. */
  | {
      readonly kind: "config";
      readonly time: number;
      readonly generation: number;
      readonly error?: string | undefined;
    }
  /** Somebody changed something by hand. */
  | { readonly kind: "action"; readonly time: number; readonly actor: Actor; readonly message: string };
