/** Attempts as the gateway makes them, for tests of transports. */
import type { Arrival } from "../../src/core/arrival.ts";
import { type Body, NO_BODY } from "../../src/core/body.ts";
import { type Cancellation, NEVER_CANCELLED } from "../../src/core/cancellation.ts";
import type { AttemptTimeouts, Endpoint, EndpointPool, EndpointTls } from "../../src/core/endpoint.ts";
import type { Attempt, Exchange } from "../../src/core/exchange.ts";
import type { Outcome } from "../../src/core/outcome.ts";
import { newFieldNotes, noteField } from "../../src/http/field-notes.ts";
import { type HeaderEdits, NO_EDITS } from "../../src/http/header-edits.ts";
import { HOP_BY_HOP } from "../../src/http/headers.ts";
import { createEndpoint } from "../../src/upstream/endpoint.ts";

/** Longer than any test takes. As where nobody has set a limit, event streams may be quiet for longer. */
export const AMPLE_TIMEOUTS: AttemptTimeouts = {
  connectMs: 20_000,
  firstByteMs: 20_000,
  idleMs: 20_000,
  eventStreamIdleMs: 60_000,
  tunnelIdleMs: 60_000,
};

export interface EndpointParts {
  readonly url: string;
  readonly tls?: Partial<EndpointTls>;
  readonly pool?: Partial<EndpointPool>;
  readonly maxHeadBytes?: number;
}

export const testEndpoint = ({ url, tls, pool, maxHeadBytes = 65_536 }: EndpointParts): Endpoint =>
  createEndpoint({
    upstream: "origin",
    url,
    weight: 1,
    tls: tls && {
      verify: true,
      ca: undefined,
      serverName: undefined,
      cert: undefined,
      key: undefined,
      ...tls,
    },
    pool: { connections: Infinity, idle: 256, keepAliveMs: 4_000, ...pool },
    maxHeadBytes,
  });

export interface AttemptParts {
  readonly endpoint: Endpoint;
  readonly method?: string;
  readonly target?: string;
  readonly host?: string;
  /** Name, value, …: as the client sent them. */
  readonly fields?: readonly string[];
  readonly body?: Body;
  readonly edits?: Partial<HeaderEdits>;
  /** Lower-case names; see `Exchange.drop`. */
  readonly drop?: readonly string[];
  /** Protocol that the client asks to switch to. */
  readonly upgrade?: string;
  readonly timeouts?: Partial<AttemptTimeouts>;
  readonly endsAt?: number;
  readonly cancellation?: Cancellation;
  readonly interim?: Arrival["interim"];
  readonly settle?: (outcome: Outcome) => void;
}

const OWNED_BY_TRANSPORT = ["host", "content-length", "expect"];

const arrivalOf = (parts: Omit<AttemptParts, "endpoint">): Arrival => {
  const { method = "GET", fields = [], target = "/", body = NO_BODY, cancellation = NEVER_CANCELLED } = parts;
  const notes = newFieldNotes();
  for (let i = 0; i < fields.length; i += 2) noteField(notes, fields[i] ?? "", fields[i + 1] ?? "");
  return {
    method,
    scheme: "http",
    target,
    authority: undefined,
    version: "1.1",
    fields,
    notes,
    refusal: undefined,
    body,
    peer: { address: "127.0.0.1", port: undefined },
    localPort: undefined,
    switchesTo: "bytes",
    cancellation,
    request: undefined,
    interim: parts.interim ?? (() => {}),
  };
};

export const testExchange = (parts: Omit<AttemptParts, "endpoint"> = {}): Exchange => {
  const arrival = arrivalOf(parts);
  const [path = "", query = ""] = arrival.target.split(/(?=\?)/);
  return {
    id: "id",
    arrival,
    client: { address: "127.0.0.1", scheme: "http", host: "client.test", forwardedFor: "127.0.0.1" },
    route: "route",
    params: {},
    target: arrival.target,
    path,
    query,
    idFields: [],
    drop: parts.drop ?? [],
    disregarded: [],
    upgrade: parts.upgrade,
    body: arrival.body,
    endsAt: parts.endsAt ?? Infinity,
    cancellation: arrival.cancellation,
    trail: { attempts: 1, endpoint: undefined, edits: undefined, failure: undefined },
  };
};

export const testAttempt = (parts: AttemptParts): Attempt => {
  const exchange = testExchange(parts);
  const { endpoint, edits = {}, timeouts = {}, host = endpoint.authority, settle = () => {} } = parts;
  const drop = new Set([...HOP_BY_HOP, ...OWNED_BY_TRANSPORT, ...(edits.drop ?? [])]);
  return {
    exchange,
    endpoint,
    target: endpoint.basePath + exchange.target,
    host,
    edits: { ...NO_EDITS, ...edits, drop },
    body: exchange.body,
    timeouts: { ...AMPLE_TIMEOUTS, ...timeouts },
    cancellation: exchange.cancellation,
    settle,
  };
};
