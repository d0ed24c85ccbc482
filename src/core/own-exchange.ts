/** Requests that the proxy makes for itself: health checks, lists of endpoints. */
import { newFieldNotes } from "../http/field-notes.ts";
import type { HeaderPairs } from "../http/header-edits.ts";
import { NO_EDITS } from "../http/header-edits.ts";
import { HOP_BY_HOP } from "../http/headers.ts";
import { NO_BODY } from "./body.ts";
import type { Cancellation } from "./cancellation.ts";
import type { AttemptTimeouts, Endpoint } from "./endpoint.ts";
import type { Attempt } from "./exchange.ts";
import { UNKNOWN_PEER } from "./peer.ts";

export interface OwnRequest {
  readonly endpoint: Endpoint;
  readonly method: "GET" | "HEAD";
  /** Path and query, which go behind the endpoint's base path. */
  readonly target: string;
  /** Name, value, …, besides `Host`. */
  readonly fields: HeaderPairs;
  /** @default the endpoint's authority */
  readonly host?: string | undefined;
  /** Time to connect; 0 is no limit. @default 0 */
  readonly connectMs?: number;
  /** Ends the request. It is the only limit on the request's time besides `connectMs`. */
  readonly cancellation: Cancellation;
}

const OWN_EDITS = Object.freeze({
  ...NO_EDITS,
  drop: new Set([...HOP_BY_HOP, "host", "content-length", "expect"]),
});

const NO_LIMITS: AttemptTimeouts = Object.freeze({
  connectMs: 0,
  firstByteMs: 0,
  idleMs: 0,
  eventStreamIdleMs: 0,
  tunnelIdleMs: 0,
});

/** An attempt without content. It belongs to no client, so nothing of one is forwarded. */
export const ownAttempt = (request: OwnRequest): Attempt => {
  const { endpoint, method, target, fields, connectMs = 0, cancellation } = request;
  return {
    exchange: {
      id: "",
      arrival: {
        method,
        scheme: endpoint.scheme,
        target,
        authority: undefined,
        version: "1.1",
        fields,
        notes: newFieldNotes(),
        refusal: undefined,
        body: NO_BODY,
        peer: UNKNOWN_PEER,
        localPort: undefined,
        cancellation,
        request: undefined,
        switchesTo: "nothing",
        interim() {},
      },
      client: { address: "", scheme: endpoint.scheme, host: endpoint.authority, forwardedFor: "" },
      route: "",
      params: {},
      target,
      path: target,
      query: "",
      idFields: [],
      upgrade: undefined,
      drop: [],
      disregarded: [],
      body: NO_BODY,
      endsAt: Number.POSITIVE_INFINITY,
      cancellation,
      trail: { attempts: 1, endpoint, edits: undefined, failure: undefined },
    },
    endpoint,
    target: endpoint.basePath + target,
    host: request.host ?? endpoint.authority,
    edits: OWN_EDITS,
    body: NO_BODY,
    timeouts: { ...NO_LIMITS, connectMs },
    cancellation,
    settle() {},
  };
};
