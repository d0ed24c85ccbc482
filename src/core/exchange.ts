/** One client request on its way through the layers, and one attempt to get it answered. */
import type { HeaderEdits } from "../http/header-edits.ts";
import type { Arrival } from "./arrival.ts";
import type { Body } from "./body.ts";
import type { Cancellation } from "./cancellation.ts";
import type { AttemptTimeouts, Endpoint } from "./endpoint.ts";
import type { ProxyError } from "./errors.ts";
import type { ExchangeTrace } from "./exchange-trace.ts";
import type { Outcome } from "./outcome.ts";

/** The client, as proxies that the config trusts report it. */
export interface ClientInfo {
  /** IP address; the peer's own unless trusted proxies vouch for another. Empty where the runtime reports none. */
  readonly address: string;
  /** Scheme the client used. */
  readonly scheme: "http" | "https";
  /** Authority the client asked for, lower-case, with port if it was given; empty for HTTP/1.0 without `Host`. */
  readonly host: string;
  /** Port that the client connected to, where a trusted proxy says so; else host and scheme tell it. */
  readonly forwardedPort?: number | undefined;
  /** Value of `X-Forwarded-For` to send on: the trusted part of the chain and the peer. Empty when nobody is known. */
  readonly forwardedFor: string;
  /** Whether the request came by a proxy that the config trusts. @default false */
  readonly trustedPeer?: boolean | undefined;
}

/** A routed request. Layers that change something pass on a copy. */
export interface Exchange {
  readonly id: string;
  readonly arrival: Arrival;
  readonly client: ClientInfo;
  /** Name of the route. */
  readonly route: string;
  /** Values that the route's path pattern bound, percent-encoded as they stand in the target. */
  readonly params: Readonly<Record<string, string>>;
  /** Normalised path and query; what was routed on is what is forwarded. */
  readonly target: string;
  readonly path: string;
  /** `""`, or from the question mark on. */
  readonly query: string;
  /** Lower-case names of request fields that carry the id to upstreams, in place of what the client sent in them. */
  readonly idFields: readonly string[];
  /**
   * Lower-case names of request fields that are not forwarded besides those of `Attempt.edits`: nominated by the request's
   * `Connection`, or against the policy for names.
   */
  readonly drop: readonly string[];
  /** Fields of `drop` that routing and templates must not see either. Never a forwarding field of a trusted peer. */
  readonly disregarded: readonly string[];
  /** Protocol that the client asks to switch to and the route allows, as it was written; undefined for none. */
  readonly upgrade: string | undefined;
  /** The request's content, bounded by the body limit. */
  readonly body: Body;
  /** When the whole exchange must be over, in the clock's milliseconds; Infinity is no limit. */
  readonly endsAt: number;
  /** Client gone, or given up for another reason. */
  readonly cancellation: Cancellation;
  /** Its place in a trace; undefined where there are none. */
  readonly trace?: ExchangeTrace | undefined;
  /** Where attempts are noted, for the exchange's report. Shared by all copies of this exchange. */
  readonly trail: Trail;
  /** Keeps the process or the isolate until work is done that nobody waits for. @default it goes on by itself */
  readonly background?: ((work: Promise<void>) => void) | undefined;
  /** Called with the outcome of each attempt made for this copy, after its lease was settled. */
  readonly onAttemptEnd?: ((outcome: Outcome) => void) | undefined;
}

/** What happened to an exchange so far. */
export interface Trail {
  attempts: number;
  /** The last endpoint tried. */
  endpoint: Endpoint | undefined;
  /** Those tried before it. */
  earlier?: Endpoint[] | undefined;
  /** The last attempt, which leads to those before it; undefined where none was made. */
  last?: AttemptTrace | undefined;
  /** Edits of the response that stand in for the route's: those of the share of traffic that the exchange belongs to. */
  edits: EditSource | undefined;
  /** Why the exchange failed, where a layer has made a reply of the failure. */
  failure: ProxyError | undefined;
}

/** An attempt of an exchange, for the exchange's report. */
export interface AttemptTrace {
  readonly endpoint: Endpoint;
  /** Undefined until it is settled. */
  readonly outcome: Outcome | undefined;
  /** The attempt before it. A copy that another one outran is not among them. */
  readonly previous: AttemptTrace | undefined;
}

/** Edits that are either the same for every exchange or made for each. */
export interface EditSource {
  readonly constant: HeaderEdits | undefined;
  render(exchange: Exchange): HeaderEdits;
}

/** What a transport sends: plain data. */
export interface Attempt {
  /** Of its span; undefined where the exchange is in no trace. */
  readonly spanId?: string | undefined;
  /** How many attempts there were before it. */
  readonly resends?: number | undefined;
  readonly exchange: Exchange;
  readonly endpoint: Endpoint;
  /** Origin-form, with the endpoint's base path. */
  readonly target: string;
  /** Value of the Host field. */
  readonly host: string;
  /**
   * Over `exchange.arrival.fields`, together with `exchange.drop`. Hop-by-hop, framing, `Host` and `Expect` fields are in
   * `edits.drop`: the transport writes its own.
   */
  readonly edits: HeaderEdits;
  readonly body: Body;
  readonly timeouts: AttemptTimeouts;
  /** Client gone, or the attempt given up. */
  readonly cancellation: Cancellation;
  /** Called exactly once, when the response's body has ended or the attempt has failed. */
  settle(outcome: Outcome): void;
}
