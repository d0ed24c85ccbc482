/** A fetch transport over a scripted `fetch`, on a clock that stands still. */
import { FetchArrival } from "../../../../runtimes/fetch/arrival.ts";
import { fieldsRecord } from "../../../../runtimes/fetch/fields-record.ts";
import type { FetchHooks } from "../../../../runtimes/fetch/hooks.ts";
import { fetchTransport } from "../../../../runtimes/fetch/transport.ts";
import { ManualClock } from "../../../../runtimes/memory/clock.ts";
import type { Peer } from "../../../../src/core/arrival.ts";
import { type Cancellation, CancellationSource } from "../../../../src/core/cancellation.ts";
import type { AttemptTimeouts, Endpoint } from "../../../../src/core/endpoint.ts";
import { ProxyError } from "../../../../src/core/errors.ts";
import type { Attempt } from "../../../../src/core/exchange.ts";
import type { Transport } from "../../../../src/core/platform.ts";
import { NO_EDITS } from "../../../../src/http/header-edits.ts";
import { HOP_BY_HOP } from "../../../../src/http/headers.ts";
import { createEndpoint } from "../../../../src/upstream/endpoint.ts";

export const endpointAt = (url: string): Endpoint =>
  createEndpoint({
    upstream: "origin",
    url,
    weight: 1,
    tls: undefined,
    pool: { connections: 16, keepAliveMs: 4_000, pipelining: 1 },
  });

class RigArrival extends FetchArrival {
  readonly client: CancellationSource = new CancellationSource();
  protected override readPeer(): Peer {
    return { address: "192.0.2.1", port: undefined };
  }
  protected override makeCancellation(): Cancellation {
    return this.client;
  }
}

export interface AttemptParts {
  readonly timeouts?: Partial<AttemptTimeouts>;
  readonly target?: string;
  readonly host?: string;
  readonly maxBodyBytes?: number;
  readonly drop?: readonly string[];
  /** Instead of the client's leaving alone. */
  readonly cancellation?: Cancellation;
}

/** What `fetch` was asked for. */
export interface Call {
  readonly url: string;
  readonly init: RequestInit;
  readonly headers: Headers;
  readonly signal: AbortSignal;
}

export interface Rig {
  readonly clock: ManualClock;
  readonly calls: Call[];
  readonly transport: Transport;
  readonly endpoint: Endpoint;
  /** The client of the latest request. */
  client(): CancellationSource;
  send(request: Request, parts?: AttemptParts): Promise<Response>;
}

/** Answers the n-th call; hangs until aborted when it returns undefined. */
export type Script = (call: Call, turn: number) => Response | Promise<Response> | undefined;

const hang = (signal: AbortSignal): Promise<Response> =>
  new Promise((_, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort);
  });

export const rigOf = (script: Script, more: Partial<FetchHooks> = {}): Rig => {
  const clock = new ManualClock();
  const calls: Call[] = [];
  const endpoint = endpointAt("http://origin.test:3000");
  let latest = new CancellationSource();
  const transport = fetchTransport({
    clock,
    async fetch(url, init) {
      const call: Call = {
        url,
        init,
        headers: new Headers(init.headers),
        signal: init.signal as AbortSignal,
      };
      calls.push(call);
      return (await script(call, calls.length - 1)) ?? hang(call.signal);
    },
    endpointInit: () => ({}),
    sendsHost: true,
    declaresLength: false,
    contentOf: (content) => content ?? null,
    fieldsInit: fieldsRecord,
    endsWithClient: true,
    respond(upstream, body, edit) {
      const response = new Response(body === "as it comes" ? upstream.body : body, upstream);
      edit(response.headers);
      return response;
    },
    repeatsUnanswered: false,
    ...more,
  });
  const attemptOf = (request: Request, parts: AttemptParts): Attempt => {
    const arrival = new RigArrival(request);
    latest = arrival.client;
    const cancellation = parts.cancellation ?? arrival.cancellation;
    const target = parts.target ?? arrival.target;
    return {
      exchange: {
        id: "id",
        arrival,
        client: { address: "192.0.2.1", scheme: "http", host: "example.test", forwardedFor: "" },
        route: "route",
        params: {},
        target,
        path: target,
        query: "",
        drop: parts.drop ?? [],
        disregarded: [],
        contentLength: arrival.body.length,
        responseEdits: [],
        responseFields: [],
        idHeaders: ["x-request-id"],
        maxBodyBytes: parts.maxBodyBytes ?? 1024 * 1024,
        cancellation,
      },
      endpoint,
      target,
      host: parts.host ?? endpoint.authority,
      requestEdits: { ...NO_EDITS, drop: new Set([...HOP_BY_HOP, "host", "content-length"]) },
      responseEdits: { ...NO_EDITS, drop: HOP_BY_HOP, add: ["x-request-id", "id"] },
      timeouts: {
        connectMs: 3_000,
        firstByteMs: 15_000,
        idleMs: 60_000,
        eventStreamIdleMs: 300_000,
        ...parts.timeouts,
      },
      cancellation,
    };
  };
  return {
    clock,
    calls,
    transport,
    endpoint,
    client: () => latest,
    send: (request, parts = {}) => transport.send(attemptOf(request, parts)),
  };
};

/** The code that `failing` rejects with. */
export const codeOf = (failing: Promise<unknown>): Promise<string> =>
  failing.then(
    () => "no failure",
    (error: unknown) => (error instanceof ProxyError ? error.code : String(error)),
  );
