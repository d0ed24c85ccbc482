/** One client request on its way through the layers. */
import type { HeaderEdits } from "../http/header-edits.ts";
import type { Arrival } from "./arrival.ts";
import type { Cancellation } from "./cancellation.ts";
import type { AttemptTimeouts, Endpoint } from "./endpoint.ts";

/** Who asks, as told by hops that the config trusts. */
export interface ClientInfo {
  /** IP address; the peer's own unless trusted proxies vouch for another. Empty where the runtime does not tell. */
  readonly address: string;
  /** Scheme the client used. */
  readonly scheme: "http" | "https";
  /** Authority the client asked for, lower-case, with port if it was given. */
  readonly host: string;
  /** Port that the client connected to, where a trusted proxy says so; else host and scheme tell it. */
  readonly forwardedPort?: number | undefined;
  /** Value of `X-Forwarded-For` to send on: the trusted part of the chain and the peer. Empty when nobody is known. */
  readonly forwardedFor: string;
}

/** Never mutated; derived with `{ ...exchange, … }`. */
export interface Exchange {
  readonly id: string;
  /** Lower-case names of the request fields that tell upstreams the id, in the place of what the client sent in them. */
  readonly idHeaders: readonly string[];
  readonly arrival: Arrival;
  readonly client: ClientInfo;
  /** Name of the route, for people. */
  readonly route: string;
  /** Values that the route's path pattern bound, percent-encoded as they stand in the target. */
  readonly params: Readonly<Record<string, string>>;
  /** Normalised path and query; what was routed on is what is forwarded. */
  readonly target: string;
  readonly path: string;
  /** `""`, or from the question mark on. */
  readonly query: string;
  /** Request fields to leave out besides `Attempt.requestEdits.drop`: nominated by this request's `Connection`, or
   * against the policy for names. Lower-case. */
  readonly drop: readonly string[];
  /** Those of `drop` that count for nothing here either: neither routes nor templates see them. Of what a trusted
   * proxy vouches for, none. */
  readonly disregarded: readonly string[];
  /** `Content-Length` of the request after validation; undefined when the body is chunked or absent. */
  readonly contentLength: number | undefined;
  /** Constant edits that client-facing middleware asked for on the response, in order. */
  readonly responseEdits: readonly HeaderEdits[];
  /** Fields of this very response, name and value in turn; their names are dropped by `responseEdits`. Those that
   * the route names are left out. */
  readonly responseFields: readonly string[];
  /** Largest request body in bytes; Infinity is no limit. */
  readonly maxBodyBytes: number;
  /** Client gone, or out of time. */
  readonly cancellation: Cancellation;
}

/** What a transport sends: plain data, no WHATWG object on the way. */
export interface Attempt {
  readonly exchange: Exchange;
  readonly endpoint: Endpoint;
  /** Origin-form, with the endpoint's base path. */
  readonly target: string;
  /** Value of the Host field. */
  readonly host: string;
  /** Over `exchange.arrival.head.pairs`, together with `exchange.drop`. Hop-by-hop, framing and Host fields are in `drop`. */
  readonly requestEdits: HeaderEdits;
  /** Over the upstream's fields. Hop-by-hop fields are in `drop`; fields nominated by its `Connection` the transport adds. */
  readonly responseEdits: HeaderEdits;
  readonly timeouts: AttemptTimeouts;
  readonly cancellation: Cancellation;
}
