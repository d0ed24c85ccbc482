/** An upstream of a plan, with what its policy asks for. */
import { roundRobin } from "./balance/round-robin.ts";
import { weightedRandom } from "./balance/weighted-random.ts";
import type { BalancePolicy, UpstreamConfig } from "./config/types.ts";
import type { Balancer } from "./core/balancer.ts";
import type { Platform, Random, Transport } from "./core/platform.ts";
import { HealthChecker } from "./health/health-checker.ts";
import { httpProbe } from "./health/http-probe.ts";
import { type ProbeSlots, probeSlots } from "./health/probe-slots.ts";
import type { Upkeep } from "./upkeep.ts";
import type { UpstreamPolicy } from "./upstream-policy.ts";
import { type StackParts, equipment, reportUpstream } from "./upstream-stack.ts";
import { createEndpoint } from "./upstream/endpoint.ts";
import type { EndpointRegistry } from "./upstream/registry.ts";
import { type HostPolicy, type Upstream, createUpstream } from "./upstream/upstream.ts";

export interface PlanningParts {
  readonly platform: Platform;
  readonly registry: EndpointRegistry;
  readonly upkeep: Upkeep;
}

const MINUTE_MS = 60_000;

export const planUpstream = (
  name: string,
  config: UpstreamConfig,
  policy: UpstreamPolicy,
  { platform, registry, upkeep }: PlanningParts,
): Upstream => {
  const { clock, random, telemetry } = platform;
  const parts: StackParts = { name, registry, clock, random, telemetry };
  const upstream = createUpstream({
    name,
    endpoints: config.endpoints.map(({ url, weight }) =>
      createEndpoint({
        upstream: name,
        url,
        weight,
        tls: config.tls,
        pool: config.pool,
        maxHeadBytes: config.limits.headerBytes,
      }),
    ),
    balancer: createBalancer(config.balance, random),
    registry,
    clock,
    viaFetch: config.transport === "fetch",
    host: hostPolicy(config.host),
    timeouts: {
      connectMs: config.timeouts.connectMs,
      firstByteMs: config.timeouts.firstByteMs,
      idleMs: config.timeouts.idleMs ?? MINUTE_MS,
      eventStreamIdleMs: config.timeouts.idleMs ?? 5 * MINUTE_MS,
    },
    ...equipment(policy, parts),
  });
  if (policy.health !== undefined) {
    upkeep.add(healthChecker(upstream, policy.health, transportOf(upstream, platform), parts));
  }
  return upstream;
};

const createBalancer = (policy: BalancePolicy, random: Random): Balancer => {
  switch (policy) {
    case "round-robin":
      return roundRobin(random);
    case "random":
      return weightedRandom(random);
  }
};

const hostPolicy = (host: string): HostPolicy => {
  if (host === "upstream" || host === "preserve") return { kind: host };
  return { kind: "literal", value: host };
};

/** What reaches the endpoints of an upstream. Throws `TypeError` where the platform has no fetch transport. */
export const transportOf = ({ name, viaFetch }: Upstream, platform: Platform): Transport => {
  if (!viaFetch) return platform.transport;
  if (platform.fetchTransport !== undefined) return platform.fetchTransport;
  throw new TypeError(`upstream "${name}": ${platform.name} has no fetch transport`);
};

const healthChecker = (
  upstream: Upstream,
  health: NonNullable<UpstreamPolicy["health"]>,
  transport: Transport,
  parts: StackParts,
): HealthChecker => {
  const { clock, random, registry } = parts;
  return new HealthChecker({
    clock,
    random,
    options: health,
    probe: httpProbe({ transport, clock, target: health.target, host: health.host }),
    // One bound for all upstreams.
    slots: registry.shared("health checks", undefined, (): ProbeSlots => probeSlots()),
    membersOf: () => upstream.set.members,
    onChange: ({ endpoint, change, detail }) =>
      reportUpstream(parts, {
        kind: "health",
        upstream: upstream.name,
        endpoint: endpoint.socketPath ?? endpoint.origin,
        change,
        reason: detail,
      }),
  });
};
