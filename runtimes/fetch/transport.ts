/** Attempts by `fetch`, wherever there is one. */
import type { Endpoint } from "../../src/core/endpoint.ts";
import { ProxyError } from "../../src/core/errors.ts";
import type { Attempt } from "../../src/core/exchange.ts";
import type { Clock, Transport } from "../../src/core/platform.ts";
import type { Reply, TunnelReply } from "../../src/core/reply.ts";
import { type HeaderEdits, type HeaderPairs, NO_EDITS, editPairs } from "../../src/http/header-edits.ts";
import { AttemptRun } from "./attempt-run.ts";
import { downloadOf } from "./download.ts";
import { fetchFailure } from "./failures.ts";
import { responseFields } from "./response-fields.ts";
import { headersOf } from "../../src/web/headers-init.ts";
import { type FieldValues, LATIN1_VALUES } from "../../src/web/field-values.ts";
import { uploadOf } from "./upload.ts";

export interface FetchTransportOptions {
  readonly clock: Clock;
  /** @default the global `fetch` */
  readonly fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** How `Headers` hold field values. @default one character a byte, as the standard has it */
  readonly values?: FieldValues | undefined;
  /**
   * Whether content in a content coding (gzip, br) is handed on as it came. Where it is not, upstreams are asked for content
   * without one, and what they encode nevertheless is passed on decoded.
   * @default false, as the standard has it
   */
  readonly keepsCodings?: boolean | undefined;
  /**
   * Whether bodies go between client and upstream without being looked at, where the runtime copies them much faster than
   * any code could. Then the outcome is settled with the response's head, unless an idle or total time limit is set or it is
   * an event stream.
   * @default false
   */
  readonly passesThrough?: boolean | undefined;
  /** How a runtime is told the length of content that comes as a stream. @default `Content-Length` is given as a field */
  readonly sized?: ((stream: ReadableStream<Uint8Array>, length: number) => SizedStream) | undefined;
  /**
   * Whether a GET, HEAD or OPTIONS request without content is sent once more when it got no answer from an endpoint that
   * answered before, as its connection may have been an old one (RFC 9112 §9.3.1). For a `fetch` that doesn't by itself.
   * @default false
   */
  readonly repeatsUnanswered?: boolean | undefined;
  /** Whether `fetch` opens WebSockets, and has them in the response's `webSocket`. @default false */
  readonly webSockets?: boolean | undefined;
}

/** A stream whose length the runtime knows. */
export interface SizedStream {
  readonly stream: ReadableStream<Uint8Array>;
  /** Resolves when all of the content went into it; rejects when it breaks off. */
  readonly ended: Promise<void>;
}

/** The options with their defaults. */
export interface TransportParts {
  readonly clock: Clock;
  readonly fetch: NonNullable<FetchTransportOptions["fetch"]>;
  readonly values: FieldValues;
  readonly keepsCodings: boolean;
  readonly passesThrough: boolean;
  readonly sized: FetchTransportOptions["sized"];
  readonly repeatsUnanswered: boolean;
  readonly webSockets: boolean;
  /** Endpoints that have answered. */
  readonly answered: WeakSet<Endpoint>;
}

type StreamingInit = RequestInit & { duplex?: "half" };

/**
 * A transport over `fetch`. It can't do what `fetch` can't: send a Host of choice, content with GET and HEAD, TRACE and
 * `OPTIONS *` (501); pass on trailers and interim responses (left out); limit the time to connect.
 */
export const fetchTransport = (options: FetchTransportOptions): Transport => {
  const parts: TransportParts = {
    clock: options.clock,
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    values: options.values ?? LATIN1_VALUES,
    keepsCodings: options.keepsCodings ?? false,
    passesThrough: options.passesThrough ?? false,
    sized: options.sized,
    repeatsUnanswered: options.repeatsUnanswered ?? false,
    webSockets: options.webSockets ?? false,
    answered: new WeakSet(),
  };
  let isClosed = false;
  return {
    send: (attempt) => send(attempt, parts, isClosed),
    async close() {
      isClosed = true;
    },
  };
};

const send = async (attempt: Attempt, parts: TransportParts, isClosed: boolean): Promise<Reply> => {
  const run = new AttemptRun(attempt, parts.clock);
  try {
    if (run.reason !== undefined) throw run.reason;
    if (isClosed) throw new ProxyError("draining", { progress: "connecting" });
    refuseInexpressible(attempt, parts);
    const upload = uploadOf(run, parts);
    const content = upload instanceof Promise ? await upload : upload;
    const response = await request(run, content, parts);
    run.answered(response.status);
    parts.answered.add(attempt.endpoint);
    return webSocketReply(response, run, parts) ?? (await downloadOf(response, run, parts));
  } catch (thrown) {
    const failure = run.reason ?? fetchFailure(thrown, attempt.endpoint);
    run.stop(failure);
    throw failure;
  }
};

/** What this hop's handshake is made of: the runtime writes its own. */
const OF_HANDSHAKE: HeaderEdits = {
  ...NO_EDITS,
  drop: new Set(["sec-websocket-accept", "sec-websocket-key", "sec-websocket-version"]),
};

/** A WebSocket that the upstream has agreed to. Its messages pass by unseen: the attempt is over. */
const webSocketReply = (
  response: Response & { readonly webSocket?: unknown },
  run: AttemptRun,
  parts: TransportParts,
): TunnelReply | undefined => {
  const { webSocket } = response;
  const { upgrade } = run.attempt.exchange;
  if (upgrade === undefined || response.status !== 101 || webSocket === undefined || webSocket === null) {
    return undefined;
  }
  const head = responseFields(response, parts);
  run.progress = "done";
  run.settle(undefined);
  const fields = "flaw" in head ? [] : editPairs(head.fields, OF_HANDSHAKE);
  return { kind: "tunnel", protocol: upgrade, fields, tunnel: { kind: "native", webSocket } };
};

const request = async (
  run: AttemptRun,
  content: BodyInit | null,
  parts: TransportParts,
): Promise<Response> => {
  const { endpoint, target, exchange } = run.attempt;
  const { method } = exchange.arrival;
  const url = endpoint.origin + target;
  const init: StreamingInit = {
    method,
    headers: headersOf(parts.values.toSend(fieldsOf(run.attempt, content, parts))),
    redirect: "manual",
    signal: run.signal,
  };
  if (content !== null) {
    init.body = content;
    init.duplex = "half";
  }
  const isRepeatable =
    parts.repeatsUnanswered && content === null && isSafe(method) && parts.answered.has(endpoint);
  run.progress = "sent";
  try {
    return await parts.fetch(url, init);
  } catch (thrown) {
    if (!isRepeatable || run.reason !== undefined) throw thrown;
    if (fetchFailure(thrown, endpoint).code !== "upstream-reset") throw thrown;
    return await parts.fetch(url, init);
  }
};

/**
 * Not all idempotent methods: nothing tells whether the connection was an old one, so the first request may have been
 * carried out, and a second DELETE is answered otherwise than the first.
 */
const isSafe = (method: string): boolean => method === "GET" || method === "HEAD" || method === "OPTIONS";

/** What `fetch` can't express is refused instead of being changed into something else. */
const refuseInexpressible = (
  { exchange, target, body, endpoint }: Attempt,
  { webSockets }: TransportParts,
): void => {
  const { method } = exchange.arrival;
  const refuse = (what: string): never => {
    throw new ProxyError("not-implemented", { detail: `fetch can't send ${what}`, progress: "connecting" });
  };
  if ((method === "GET" || method === "HEAD") && body.kind !== "none") refuse(`content with ${method}`);
  if (/^(?:CONNECT|TRACE|TRACK)$/i.test(method)) refuse(`a ${method.toUpperCase()} request`);
  if (target === "*") refuse("the target *");
  if (exchange.upgrade !== undefined && !webSockets) refuse("a request to switch protocols (Upgrade)");
  if (endpoint.socketPath !== undefined) refuse("requests to Unix domain sockets");
};

/**
 * Asks for content without a coding, in words that no runtime takes for its own setting: exactly `identity` makes one
 * hand on encoded content as it came.
 */
const ONLY_IDENTITY = "identity;q=1";

const fieldsOf = (
  { exchange, edits, body }: Attempt,
  content: BodyInit | null,
  { keepsCodings }: TransportParts,
): HeaderPairs => {
  const { fields } = exchange.arrival;
  const { drop } = exchange;
  const pairs = keepsCodings
    ? editPairs(fields, edits, drop)
    : editPairs(fields, edits, drop.length === 0 ? ACCEPT_ENCODING : [...drop, ...ACCEPT_ENCODING]);
  if (!keepsCodings) pairs.push("accept-encoding", ONLY_IDENTITY);
  if (exchange.upgrade !== undefined) {
    return [...editPairs(pairs, OF_HANDSHAKE), "upgrade", exchange.upgrade];
  }
  const isStream = content instanceof ReadableStream;
  if (isStream && "length" in body && body.length !== undefined) {
    pairs.push("content-length", String(body.length));
  }
  return pairs;
};

const ACCEPT_ENCODING: readonly string[] = Object.freeze(["accept-encoding"]);
