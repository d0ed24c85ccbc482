/** What happened, for logs and metrics. */
import type { RequestHead } from "./arrival.ts";
import type { ProxyError } from "./errors.ts";
import type { Attempt, AttemptTrace } from "./exchange.ts";
import type { ExchangeTrace } from "./exchange-trace.ts";
import type { Outcome } from "./outcome.ts";

/** An exchange that has ended, whatever its end: answered, refused before routing, or broken off in the middle. */
export interface ExchangeReport {
  readonly requestId: string;
  readonly method: string;
  /** As the client sent it: may hold secrets in its query. */
  readonly target: string;
  /** The same normalised, as it was routed; undefined where the head was refused. */
  readonly routedTarget: string | undefined;
  /** What the client sent; its fields hold secrets. */
  readonly head: RequestHead;
  /** Scheme that the client used, as proxies that the config trusts report it. */
  readonly scheme: "http" | "https";
  /** Authority that the client asked for; undefined where the head was refused. */
  readonly host: string | undefined;
  /** Values of the route's path parameters, which may be secret too. */
  readonly params: Readonly<Record<string, string>>;
  readonly client: string;
  /** Name of the route; undefined where the request was refused before routing. */
  readonly route: string | undefined;
  /** Path of the route that matched, as the config writes it: `/users/:id`. Undefined where there is no route. */
  readonly routePath: string | undefined;
  /** Name of the upstream tried last. */
  readonly upstream: string | undefined;
  /** Its endpoint: `http://host:port` or a socket's path. */
  readonly endpoint: string | undefined;
  readonly attempts: number;
  /** Its place in a trace; undefined where there are none. */
  readonly trace: ExchangeTrace | undefined;
  /** The last attempt, which leads to those before it. Its outcome has its times and the bytes that were sent. */
  readonly last: AttemptTrace | undefined;
  /** Whether it went on as a tunnel. */
  readonly isTunnel: boolean;
  /** Of the response; 499 where the client left before its head. */
  readonly status: number;
  /** Why it failed, after the head too; undefined where all went well. */
  readonly error: ProxyError | undefined;
  /** Content bytes sent to the client, where the server counts them. */
  readonly bytesSent: number;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Something that an upstream decided by itself. `upstream` is its name, `endpoint` as in `ExchangeReport`. */
export type UpstreamEvent =
  | (EndpointEvent & {
      readonly kind: "breaker";
      readonly to: "closed" | "open" | "half-open";
      readonly reason: string;
    })
  | (EndpointEvent & {
      readonly kind: "health";
      readonly change: "admitted" | "up" | "down";
      readonly reason: string;
    })
  | (EndpointEvent & { readonly kind: "ejected"; readonly forMs: number; readonly reason: string })
  | {
      readonly kind: "retried" | "retry-over-budget";
      readonly upstream: string;
      /** The one that failed; undefined where none was to be had. */
      readonly endpoint: string | undefined;
      readonly reason: string;
    }
  | { readonly kind: "hedged" | "panic"; readonly upstream: string }
  | { readonly kind: "mirrored"; readonly upstream: string; readonly result: "sent" | "dropped" | "failed" }
  | {
      readonly kind: "endpoints";
      readonly upstream: string;
      readonly result: "changed" | "kept";
      readonly reason: string;
    };

interface EndpointEvent {
  readonly upstream: string;
  readonly endpoint: string;
}

/** Of an exchange that failed. */
export interface FailureReport extends ExchangeReport {
  readonly error: ProxyError;
}

/** Whether the exchange failed, before or after the response's head. */
export const isFailure = (report: ExchangeReport): report is FailureReport => report.error !== undefined;

/** Every member is called synchronously; one that throws is ignored. */
export interface Telemetry {
  /** Whether `exchangeEnded` stands in for the log's lines about failed requests. */
  readonly replacesFailureLines?: boolean;
  /** Whether `upstreamEvent` stands in for the log's lines about upstreams. */
  readonly replacesUpstreamLines?: boolean;
  /** A request has come. `exchangeEnded` follows once, whatever becomes of it. */
  exchangeBegan?(head: RequestHead): void;
  /** An exchange goes on as a tunnel. */
  tunnelOpened?(route: string): void;
  exchangeEnded?(report: ExchangeReport): void;
  attemptEnded?(attempt: Attempt, outcome: Outcome): void;
  /** An endpoint was chosen for an attempt, or none could be, within `tookMs`. */
  endpointSelected?(upstream: string, tookMs: number): void;
  upstreamEvent?(event: UpstreamEvent): void;
}
