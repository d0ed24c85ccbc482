/** Other upstreams beside the one that is watched: one to fail over to, and one that gets copies. */
import type { AttemptTimeouts, EndpointPool } from "../../src/core/endpoint.ts";
import type { Clock, Random, Transport } from "../../src/core/platform.ts";
import type { Layer, Service } from "../../src/core/service.ts";
import type { Telemetry } from "../../src/core/telemetry.ts";
import { weightedRandom } from "../../src/balance/weighted-random.ts";
import { NO_EDITS } from "../../src/http/header-edits.ts";
import { failover } from "../../src/resilience/failover.ts";
import { RETRY_RULES } from "../../src/resilience/may-retry.ts";
import { mirror } from "../../src/resilience/mirror.ts";
import { createEndpoint } from "../../src/upstream/endpoint.ts";
import { forward } from "../../src/upstream/forward.ts";
import { createEndpointRegistry } from "../../src/upstream/registry.ts";
import { type Upstream, createUpstream } from "../../src/upstream/upstream.ts";
import type { EventClock } from "./event-clock.ts";
import type { RunLog } from "./run-log.ts";
import { FIRST_BYTE_MS } from "./scenario.ts";
import { SimServer } from "./sim-server.ts";
import { simTransport } from "./sim-transport.ts";

export const TIMEOUTS: AttemptTimeouts = {
  connectMs: 3_000,
  firstByteMs: FIRST_BYTE_MS,
  idleMs: 60_000,
  eventStreamIdleMs: 300_000,
  tunnelIdleMs: 0,
};
export const POOL: EndpointPool = { connections: Infinity, idle: 256, keepAliveMs: 4_000 };

const MAX_COPIES = 8;
const COPY_LIMIT_MS = 2_000;

export interface ForwardingParts {
  readonly upstream: Upstream;
  readonly transport: Transport;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
}

export const forwarding = (parts: ForwardingParts): Service =>
  forward({
    ...parts,
    forwarding: { xForwarded: false, forwarded: false, via: false, clientCert: false },
    timeouts: TIMEOUTS,
    target: ({ target }) => target,
    host: undefined,
    requestEdits: { constant: NO_EDITS, render: () => NO_EDITS },
    responseRewrite: { location: false, cookies: false },
    taken: undefined,
  });

export interface SideParts {
  readonly clock: EventClock;
  readonly random: Random;
  readonly log: RunLog;
}

/** Fails over to an upstream that always works. */
export const spareLayer = (parts: SideParts): Layer => {
  const spare = sideService("spare", parts);
  return failover({
    others: [
      (exchange) => {
        parts.log.exercised("a fail-over to the spare");
        return spare(exchange);
      },
    ],
    rules: RETRY_RULES,
    replayBytes: 64,
  });
};

/** Copies a share of the requests to an upstream that fails half of them. */
export const mirrorLayer = (
  parts: SideParts,
  share: number,
  onMirror: (result: "sent" | "dropped" | "failed") => void,
): Layer => {
  const shadow = sideService("shadow", parts);
  let inProgress = 0;
  return mirror({
    service: async (exchange) => {
      inProgress += 1;
      if (inProgress > MAX_COPIES) parts.log.violated(`${inProgress} copies in progress`);
      try {
        return await shadow(exchange);
      } finally {
        inProgress -= 1;
      }
    },
    share,
    random: parts.random,
    clock: parts.clock,
    maxInProgress: MAX_COPIES,
    maxBytes: 64,
    limitMs: COPY_LIMIT_MS,
    onMirror,
  });
};

const sideService = (name: string, { clock, random, log }: SideParts): Service => {
  const endpoint = createEndpoint({
    upstream: name,
    url: `http://${name}.test`,
    weight: 1,
    tls: undefined,
    pool: POOL,
  });
  const upstream = createUpstream({
    name,
    endpoints: [endpoint],
    host: { kind: "upstream" },
    timeouts: TIMEOUTS,
    viaFetch: false,
    balancer: weightedRandom(random),
    registry: createEndpointRegistry(),
    clock,
  });
  const plan = { serviceMs: 10, capacity: 100, queue: 1_000, degrades: false, wastes: false, coldMs: 0 };
  const server = new SimServer({ ...plan, clock, random, log });
  if (name === "shadow") server.setFault("flaky");
  const transport = simTransport({ clock, random, serverOf: () => server, onSent: () => {} });
  return forwarding({ upstream, transport, telemetry: {}, clock });
};
