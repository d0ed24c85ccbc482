/** A transport whose upstreams are functions. */
import { type Body, type ByteSource, NO_BODY } from "../../src/core/body.ts";
import { ProxyError } from "../../src/core/errors.ts";
import type { Attempt } from "../../src/core/exchange.ts";
import type { Clock, Transport } from "../../src/core/platform.ts";
import type { HttpReply, Reply } from "../../src/core/reply.ts";
import { type HeaderPairs, editPairs } from "../../src/http/header-edits.ts";
import { HOP_BY_HOP, nominatedBy } from "../../src/http/headers.ts";
import { isEventStream } from "../../src/http/media-type.ts";
import { isContentless } from "../../src/http/status.ts";
import { byteSourceOf } from "../../src/web/byte-source.ts";
import { headersOf } from "../../src/web/headers-init.ts";
import { readableOf } from "../../src/web/readable.ts";
import { AttemptRun } from "../fetch/attempt-run.ts";
import { WatchedSource } from "../fetch/watched-source.ts";
import { responseBody } from "./response-body.ts";
import { type ScriptedExchange, type ScriptedUpstream, asked } from "./scripted-upstream.ts";
import { upstreamName, upstreamsByName } from "./upstream-names.ts";

export interface MemoryTransportOptions {
  /**
   * Upstream servers by scheme, host and port (`"http://10.0.0.1:3000"`) or by socket (`"unix:/run/app.sock"`). One that
   * is missing refuses connections.
   */
  readonly upstreams: Readonly<Record<string, ScriptedUpstream>>;
  readonly clock: Clock;
}

/**
 * The promises of every transport, over scripted upstreams: time limits, cancellation until the last byte of the body,
 * interim responses, trailers, one outcome.
 *
 * @throws TypeError when a key of `upstreams` names no server.
 */
export const memoryTransport = ({ upstreams, clock }: MemoryTransportOptions): Transport => {
  const known = upstreamsByName(upstreams);
  let isClosed = false;
  return {
    async send(attempt) {
      const run = new AttemptRun(attempt, clock);
      try {
        if (run.reason !== undefined) throw run.reason;
        if (isClosed) throw new ProxyError("draining", { progress: "connecting" });
        const name = upstreamName(attempt.endpoint);
        return await exchange(run, name, upstreamOf(known, name));
      } catch (thrown) {
        const failure = run.reason ?? (thrown as ProxyError);
        run.stop(failure);
        throw failure;
      }
    },
    async close() {
      isClosed = true;
    },
  };
};

const upstreamOf = (known: ReadonlyMap<string, ScriptedUpstream>, name: string): ScriptedUpstream => {
  const upstream = known.get(name);
  if (upstream !== undefined) return upstream;
  const names = [...known.keys()].join(", ");
  throw new ProxyError("connect-failed", {
    detail: `nobody listens at ${name}; scripted: ${names === "" ? "none" : names}`,
    progress: "connecting",
  });
};

const exchange = async (run: AttemptRun, name: string, upstream: ScriptedUpstream): Promise<Reply> => {
  let trailers: HeaderPairs = [];
  const content = contentOf(run);
  const request = requestOf(run, content);
  const scripted: ScriptedExchange = {
    interim: (status, fields = []) => run.attempt.exchange.arrival.interim(status, endToEnd(fields)),
    trailers: (fields) => (trailers = fields),
    content: request.body === null ? content : null,
  };
  run.progress = "sent";
  const answered = asked(upstream, name, request, scripted);
  const response = await new Promise<Response>((resolve, reject) => {
    run.whenStopped(reject);
    answered.then(resolve, reject);
  }).catch((error: unknown) => {
    // An answer that comes too late is not read.
    answered.then((late) => late.body?.cancel(error)).catch(() => {});
    throw error;
  });
  run.answered(response.status);
  return replyOf(response, run, () => trailers);
};

/** What a socket takes of content that the upstream does not read. */
const IN_FLIGHT_BYTES = 64 * 1024;

const contentOf = (run: AttemptRun): ReadableStream<Uint8Array> | null => {
  const { body, timeouts } = run.attempt;
  const { firstByteMs, idleMs } = timeouts;
  const source = sourceOf(body);
  if (source === undefined) {
    run.expectHead(firstByteMs);
    return null;
  }
  let isEnough = false;
  const watched = new WatchedSource(source, {
    clock: run.clock,
    idleMs,
    stalled: () => new ProxyError("request-timeout", { detail: `request body paused for ${idleMs} ms` }),
    unread: () =>
      new ProxyError("attempt-timeout", {
        detail: `upstream stopped reading the request body for ${idleMs} ms`,
      }),
    passed: (bytes) => (run.bytesSent += bytes),
    ended: (error) => {
      if (error === undefined || isEnough) run.expectHead(firstByteMs);
      else run.stop(error);
    },
  });
  run.whenStopped((reason) => watched.breakOff(reason));
  const declined = (): ProxyError => {
    isEnough = true;
    return new ProxyError("upstream-reset", { detail: "the rest of the request body was not read" });
  };
  return readableOf(watched, { declined }, IN_FLIGHT_BYTES);
};

const broken = (thrown: unknown): ProxyError =>
  thrown instanceof ProxyError
    ? thrown
    : new ProxyError("client-closed", { detail: "request body broke off", cause: thrown });

const sourceOf = (body: Body): ByteSource | undefined => {
  switch (body.kind) {
    case "none":
      return undefined;
    case "bytes":
      return {
        start(sink) {
          sink.write(body.bytes);
          sink.end([]);
        },
        resume() {},
        cancel() {},
      };
    case "stream":
      return body.source;
    case "native":
      return byteSourceOf(body.stream, broken);
  }
};

/** Methods that a `Request` refuses to have. */
const isForbidden = (method: string): boolean => /^(?:CONNECT|TRACE|TRACK)$/i.test(method);

const requestOf = (run: AttemptRun, content: ReadableStream<Uint8Array> | null): Request => {
  const { attempt, signal } = run;
  const { method } = attempt.exchange.arrival;
  const init: RequestInit & { duplex?: "half" } = {
    method: isForbidden(method) ? "GET" : method,
    headers: headersOf(fieldsOf(attempt)),
    signal,
  };
  if (content !== null && method !== "GET" && method !== "HEAD" && !isForbidden(method)) {
    init.body = content;
    init.duplex = "half";
  }
  const target = attempt.target === "*" ? "/*" : attempt.target;
  const request = new Request(attempt.endpoint.origin + target, init);
  if (isForbidden(method)) Object.defineProperty(request, "method", { value: method });
  return request;
};

const fieldsOf = ({ exchange: { arrival, drop }, edits, host, body }: Attempt): HeaderPairs => {
  const fields = editPairs(arrival.fields, edits, drop);
  fields.push("host", host);
  const length = body.kind === "bytes" ? body.bytes.byteLength : "length" in body ? body.length : undefined;
  if (length !== undefined) fields.push("content-length", String(length));
  return fields;
};

const endToEnd = (fields: HeaderPairs): HeaderPairs => {
  const nominated = new Set<string>();
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i]?.toLowerCase() !== "connection") continue;
    for (const name of nominatedBy(fields[i + 1] ?? "")) nominated.add(name);
  }
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = (fields[i] as string).toLowerCase();
    if (HOP_BY_HOP.has(name) || nominated.has(name) || name === "content-length") continue;
    kept.push(fields[i] as string, fields[i + 1] as string);
  }
  return kept;
};

const LENGTH = /^\d{1,15}$/;

const replyOf = (response: Response, run: AttemptRun, trailers: () => HeaderPairs): HttpReply => {
  const { status, headers, body: stream } = response;
  const { attempt } = run;
  if (status < 200 || status > 599) {
    throw new ProxyError("bad-upstream-response", { detail: `status ${status}`, progress: "head" });
  }
  const shown: string[] = [];
  for (const [name, value] of headers) shown.push(name, value);
  const fields = endToEnd(shown);
  const given = headers.get("content-length");
  const length = given !== null && LENGTH.test(given) ? Number(given) : undefined;
  if (attempt.exchange.arrival.method === "HEAD" || isContentless(status)) {
    stream?.cancel().catch(() => {});
    done(run);
    return { kind: "http", status, fields, body: NO_BODY, declaredLength: length };
  }
  if (stream === null) {
    done(run);
    return { kind: "http", status, fields, body: NO_BODY };
  }
  const { idleMs, eventStreamIdleMs } = attempt.timeouts;
  const limitMs = isEventStream(headers.get("content-type")) ? eventStreamIdleMs : idleMs;
  return { kind: "http", status, fields, body: responseBody({ stream, length, trailers, run, limitMs }) };
};

const done = (run: AttemptRun): void => {
  run.progress = "done";
  run.settle(undefined);
};
