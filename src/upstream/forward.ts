/** The innermost service of a proxied route: one exchange becomes one attempt at one endpoint. */
import type { AttemptTimeouts } from "../core/endpoint.ts";
import { ProxyError } from "../core/errors.ts";
import type { Attempt, AttemptTrace, EditSource, Exchange } from "../core/exchange.ts";
import type { Lease } from "../core/lease.ts";
import { type Outcome, endingOf } from "../core/outcome.ts";
import type { Clock, Transport } from "../core/platform.ts";
import { type Reply, withFields } from "../core/reply.ts";
import type { Service } from "../core/service.ts";
import type { Telemetry } from "../core/telemetry.ts";
import { type HeaderEdits, NO_EDITS, withoutNames } from "../http/header-edits.ts";
import { traceParentText } from "../http/trace-context.ts";
import { HOP_BY_HOP } from "../http/headers.ts";
import {
  type ForwardingOptions,
  REPLACED_BY_CERTIFICATE,
  REPLACED_BY_FORWARDING,
  pushForwardingFields,
} from "./forwarding-headers.ts";
import type { Abandonable } from "./open-attempts.ts";
import { type Places, type ResponseRewrite, clientFields } from "./response-rewrite.ts";
import { type Upstream, hostFor } from "./upstream.ts";

export interface ForwardOptions {
  readonly upstream: Upstream;
  readonly transport: Transport;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly forwarding: ForwardingOptions;
  readonly timeouts: AttemptTimeouts;
  /** Path and query to ask for, behind the endpoint's base path; see `joinTarget`. */
  target(exchange: Exchange): string;
  /** Host field instead of what the upstream's policy says. */
  readonly host: ((exchange: Exchange) => string) | undefined;
  readonly requestEdits: EditSource;
  readonly responseRewrite: ResponseRewrite;
  /** How much of the client's path is taken off its front; undefined where all of it is replaced. */
  readonly taken: ((path: string) => number) | undefined;
}

/** Request fields that transports write themselves: they frame the message, name the host and pass on expectations. */
const OWNED_BY_TRANSPORT = ["host", "content-length", "expect"];

/** Leases an endpoint, sends, and settles the lease with the attempt. */
export const forward = (options: ForwardOptions): Service => {
  const { transport } = options;
  const editsOf = requestEditor(options);
  const select = selection(options);
  const rewrites = options.responseRewrite.location || options.responseRewrite.cookies;
  return async (exchange) => {
    // Templates may throw, so they are rendered before the lease is taken, which must be settled.
    const spanId = exchange.trace?.attemptId();
    const message: AttemptMessage = {
      spanId,
      edits: editsOf(exchange, spanId),
      target: options.target(exchange),
      host: options.host?.(exchange),
    };
    const lease = select(exchange);
    const { trail } = exchange;
    trail.attempts += 1;
    if (trail.endpoint !== undefined) (trail.earlier ??= []).push(trail.endpoint);
    trail.endpoint = lease.endpoint;
    const attempt = new ForwardAttempt(exchange, lease, message, options);
    trail.last = attempt;
    const reply = await transport.send(attempt);
    if (reply.kind === "tunnel") lease.switched(options.clock.now());
    return rewrites ? forClient(reply, attempt, options) : reply;
  };
};

/** Takes an endpoint. Reports how long that took, if the telemetry wants it. */
const selection = ({ upstream, telemetry, clock }: ForwardOptions): ((exchange: Exchange) => Lease) => {
  if (telemetry.endpointSelected === undefined) return (exchange) => upstream.lease(exchange);
  return (exchange) => {
    const startedAt = clock.now();
    try {
      return upstream.lease(exchange);
    } finally {
      telemetry.endpointSelected?.(upstream.name, clock.now() - startedAt);
    }
  };
};

/** `reply` with the client's view of where it comes from. */
const forClient = (reply: Reply, attempt: Attempt, { responseRewrite, taken }: ForwardOptions): Reply => {
  const fields = clientFields(reply.fields, responseRewrite, () => placesOf(attempt, taken));
  return fields === reply.fields ? reply : withFields(reply, fields);
};

const placesOf = (attempt: Attempt, taken: ForwardOptions["taken"]): Places => {
  const { endpoint, exchange, host, target } = attempt;
  const { scheme, host: clientHost } = exchange.client;
  const [path = ""] = target.split("?", 1);
  const length = taken?.(exchange.path);
  const rest = length === undefined ? "" : exchange.path.slice(length);
  // When more than the prefix was replaced, the client's path can't be derived from the upstream's.
  const isPrefixed = length !== undefined && path.endsWith(rest);
  return {
    client: {
      scheme,
      host: clientHost,
      prefix: isPrefixed ? withoutSlash(exchange.path.slice(0, length)) : "",
    },
    upstream: {
      scheme: endpoint.scheme,
      hosts: [endpoint.authority, host],
      prefix: isPrefixed ? withoutSlash(path.slice(0, path.length - rest.length)) : "",
    },
  };
};

const withoutSlash = (path: string): string => (path.endsWith("/") ? path.slice(0, -1) : path);

/** What is sent, whichever endpoint gets it. */
interface AttemptMessage {
  readonly spanId: string | undefined;
  readonly edits: HeaderEdits;
  readonly target: string;
  /** Undefined leaves it to the upstream's policy. */
  readonly host: string | undefined;
}

class ForwardAttempt implements Attempt, AttemptTrace, Abandonable {
  readonly exchange: Exchange;
  readonly previous: AttemptTrace | undefined;
  outcome: Outcome | undefined;
  readonly edits: HeaderEdits;
  readonly target: string;
  readonly host: string;
  readonly spanId: string | undefined;
  readonly resends: number;
  readonly #lease: Lease;
  readonly #options: ForwardOptions;

  constructor(exchange: Exchange, lease: Lease, message: AttemptMessage, options: ForwardOptions) {
    const { endpoint } = lease;
    this.exchange = exchange;
    this.previous = exchange.trail.last;
    this.edits = message.edits;
    this.spanId = message.spanId;
    this.resends = exchange.trail.attempts - 1;
    this.target = joinTarget(endpoint.basePath, message.target);
    this.host = message.host ?? hostFor(options.upstream.host, endpoint, exchange);
    this.#lease = lease;
    this.#options = options;
    options.upstream.open?.began(this, options.timeouts.firstByteMs);
  }

  get endpoint(): Attempt["endpoint"] {
    return this.#lease.endpoint;
  }
  get body(): Attempt["body"] {
    return this.exchange.body;
  }
  get timeouts(): AttemptTimeouts {
    return this.#options.timeouts;
  }
  get cancellation(): Attempt["cancellation"] {
    return this.exchange.cancellation;
  }

  abandon(now: number): void {
    this.settle({
      ending: "failed",
      progress: "sent",
      status: undefined,
      error: new ProxyError("client-closed"),
      bytesSent: 0,
      bytesReceived: 0,
      reused: false,
      times: { startedAt: now, connectedAt: undefined, headAt: undefined, endedAt: now },
    });
  }

  settle(reported: Outcome): void {
    if (this.#options.upstream.open?.ended(this) === false) return;
    // A cancelled transport reports a failure; the reason says what it was.
    const ending = endingOf(reported.error);
    const outcome = ending === reported.ending ? reported : { ...reported, ending };
    this.outcome = outcome;
    this.#lease.settle(outcome);
    this.exchange.onAttemptEnd?.(outcome);
    const { telemetry } = this.#options;
    try {
      telemetry.attemptEnded?.(this, outcome);
    } catch {
      // An error in telemetry must not affect the exchange.
    }
  }
}

/**
 * `target` behind an endpoint's base path. A rewrite may have left nothing of the path, or only its query: then the
 * base path stands alone, as it was written. Where both have a slash one stays; no other is added or taken away.
 */
export const joinTarget = (basePath: string, target: string): string => {
  // The whole server has no path to put another before.
  if (target === "*") return target;
  if (!target.startsWith("/")) return (basePath === "" ? "/" : basePath) + target;
  if (basePath === "") return target;
  return (basePath.endsWith("/") ? basePath.slice(0, -1) : basePath) + target;
};

const requestEditor = ({
  forwarding,
  requestEdits,
}: ForwardOptions): ((exchange: Exchange, spanId: string | undefined) => HeaderEdits) => {
  const { constant } = requestEdits;
  const replaced = new Set([
    ...(constant === undefined ? NO_EDITS.drop : constant.drop),
    ...(forwarding.clientCert ? REPLACED_BY_CERTIFICATE : []),
  ]);
  const dropOf = requestDrop(replaced);
  const dropOfContinued = requestDrop(new Set([...replaced, "traceparent"]));
  const dropOfBegun = requestDrop(new Set([...replaced, "traceparent", "tracestate"]));
  return (exchange, spanId) => {
    const own: string[] = [];
    pushForwardingFields(own, exchange, forwarding);
    const hops = forwardsLeft(exchange);
    const { trace } = exchange;
    let drop: ReadonlySet<string>;
    if (trace === undefined || spanId === undefined) drop = dropOf(exchange.idFields);
    else {
      // The caller's `tracestate` belongs to the caller's trace.
      drop = (trace.parentId === undefined ? dropOfBegun : dropOfContinued)(exchange.idFields);
      own.push("traceparent", traceParentText(trace.traceId, spanId, trace.isSampled));
    }
    if (hops !== undefined) {
      drop = union(drop, MAX_FORWARDS);
      own.push("max-forwards", String(hops));
    }
    const edits = constant ?? requestEdits.render(exchange);
    if (edits === NO_EDITS) return { drop, fallback: NO_EDITS.fallback, add: own };
    // A route may replace or remove what the proxy adds by itself, e.g. `X-Forwarded-Host`.
    return {
      drop: constant === undefined ? union(drop, edits.drop) : drop,
      fallback: edits.fallback,
      add: [...withoutNames(own, edits.drop), ...edits.add],
    };
  };
};

const MAX_FORWARDS: ReadonlySet<string> = new Set(["max-forwards"]);

/** What `Max-Forwards` is sent on as; undefined where it is not counted down (RFC 9110 §7.6.2). */
const forwardsLeft = ({ arrival: { method, notes } }: Exchange): number | undefined => {
  const { maxForwards } = notes;
  if (maxForwards === undefined || (method !== "OPTIONS" && method !== "TRACE")) return undefined;
  return /^\d{1,9}$/.test(maxForwards) && Number(maxForwards) > 0 ? Number(maxForwards) - 1 : undefined;
};

/** Fields that never go on as they came: `constant` and what the proxy writes anew. The id's fields rarely change. */
const requestDrop = (
  constant: ReadonlySet<string>,
): ((idFields: readonly string[]) => ReadonlySet<string>) => {
  const base = new Set([...HOP_BY_HOP, ...OWNED_BY_TRANSPORT, ...REPLACED_BY_FORWARDING, ...constant]);
  let lastFields: readonly string[] = [];
  let drop: ReadonlySet<string> = base;
  return (idFields) => {
    if (lastFields === idFields) return drop;
    lastFields = idFields;
    drop = new Set([...base, ...idFields]);
    return drop;
  };
};

const union = (a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> => new Set([...a, ...b]);
