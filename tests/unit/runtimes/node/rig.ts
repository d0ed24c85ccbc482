/** A Node server and transport in front of a raw origin, with no gateway in between. */
import { afterEach } from "vitest";
import { Hono } from "hono";
import { listen } from "../../../../runtimes/node/listen.ts";
import { platform } from "../../../../runtimes/node/platform.ts";
import type { Serving } from "../../../../runtimes/serving.ts";
import type { ListenConfig } from "../../../../src/config/types.ts";
import type { AttemptTimeouts, Endpoint, EndpointPool } from "../../../../src/core/endpoint.ts";
import { type ProxyError, asProxyError } from "../../../../src/core/errors.ts";
import type { Attempt, Exchange } from "../../../../src/core/exchange.ts";
import type { Platform } from "../../../../src/core/platform.ts";
import { NO_EDITS } from "../../../../src/http/header-edits.ts";
import { HOP_BY_HOP } from "../../../../src/http/headers.ts";
import { createEndpoint } from "../../../../src/upstream/endpoint.ts";
import { RawClient } from "../../../support/raw-client.ts";
import { RawOrigin } from "../../../support/raw-origin.ts";

export interface RigOptions {
  /** URL of the endpoint instead of the origin's. */
  readonly url?: string;
  readonly pool?: Partial<EndpointPool>;
  readonly timeouts?: Partial<AttemptTimeouts>;
  readonly maxBodyBytes?: number;
  readonly limits?: Partial<ListenConfig["limits"]>;
  readonly listenTimeouts?: Partial<ListenConfig["timeouts"]>;
  readonly drain?: Partial<ListenConfig["drain"]>;
}

export interface Rig {
  readonly origin: RawOrigin;
  readonly platform: Platform;
  readonly serving: Serving;
  /** Failed attempts, in order. */
  readonly errors: ProxyError[];
  client(): Promise<RawClient>;
}

const REQUEST_EDITS = {
  ...NO_EDITS,
  drop: new Set([...HOP_BY_HOP, "host", "content-length", "expect"]),
};
const RESPONSE_EDITS = { ...NO_EDITS, drop: HOP_BY_HOP };

const ends: (() => Promise<unknown>)[] = [];

/** Registers what stops the rigs of a test. Call once in each test file. */
export const stopRigsAfterEach = (): void => {
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });
};

const endpointOf = (url: string, pool: Partial<EndpointPool> = {}): Endpoint =>
  createEndpoint({
    upstream: "origin",
    url,
    weight: 1,
    tls: undefined,
    pool: { connections: 16, keepAliveMs: 4_000, pipelining: 1, ...pool },
  });

export const startRig = async (options: RigOptions = {}): Promise<Rig> => {
  const origin = await RawOrigin.start();
  ends.push(() => origin.stop());
  const lent = platform({ onFailure: () => {} });
  const errors: ProxyError[] = [];
  const endpoint = endpointOf(options.url ?? origin.url, options.pool);
  const app = new Hono();
  app.all("*", async (c) => {
    const arrival = lent.arrive(c.req.raw, c.env);
    try {
      return await lent.transport.send(attemptOf(lent, arrival, endpoint, options));
    } catch (thrown) {
      const error = asProxyError(thrown);
      errors.push(error);
      return new Response(error.code, { status: error.kind.status });
    }
  });
  const serving = await listen((request, env) => app.fetch(request, env), {
    listen: listenConfig(options),
    lifecycle: { draining: false },
    closed: () => lent.transport.close(),
  });
  const clients: RawClient[] = [];
  ends.push(async () => {
    for (const client of clients) client.close();
    await serving.stop();
  });
  return {
    origin,
    platform: lent,
    serving,
    errors,
    async client() {
      const client = await RawClient.connect(serving.address.port);
      clients.push(client);
      return client;
    },
  };
};

export const listenConfig = ({ limits, listenTimeouts, drain }: RigOptions = {}): ListenConfig => ({
  port: 0,
  host: "127.0.0.1",
  trustedProxies: [],
  readyPath: undefined,
  limits: {
    headerBytes: 32_768,
    headers: 100,
    targetBytes: 8_192,
    bodyBytes: Infinity,
    connections: 1_000,
    requestsPerConnection: 1_000,
    ...limits,
  },
  timeouts: { headerMs: 10_000, keepAliveMs: 75_000, ...listenTimeouts },
  drain: { delayMs: 0, timeoutMs: 5_000, ...drain },
});

const attemptOf = (
  lent: Platform,
  arrival: ReturnType<Platform["arrive"]>,
  endpoint: Endpoint,
  options: RigOptions,
): Attempt => ({
  exchange: exchangeOf(lent, arrival, options),
  endpoint,
  target: arrival.head.target,
  host: endpoint.authority,
  requestEdits: REQUEST_EDITS,
  responseEdits: RESPONSE_EDITS,
  timeouts: {
    connectMs: 3_000,
    firstByteMs: 15_000,
    idleMs: 60_000,
    eventStreamIdleMs: 300_000,
    ...options.timeouts,
  },
  cancellation: arrival.cancellation,
});

const exchangeOf = (
  lent: Platform,
  arrival: ReturnType<Platform["arrive"]>,
  { maxBodyBytes = Infinity }: RigOptions,
): Exchange => ({
  id: lent.random.id(),
  arrival,
  client: { address: "", scheme: "http", host: "", forwardedFor: "" },
  route: "test",
  params: {},
  target: arrival.head.target,
  path: arrival.head.target,
  query: "",
  drop: [],
  disregarded: [],
  contentLength: arrival.body.length,
  responseEdits: [],
  responseFields: [],
  idHeaders: ["x-request-id"],
  maxBodyBytes,
  cancellation: arrival.cancellation,
});

/** Request line and fields of a request to the rig. */
export const head = (method: string, target: string, ...fields: string[]): string =>
  [`${method} ${target} HTTP/1.1`, "Host: rig.test", ...fields, "", ""].join("\r\n");
