/** An upstream of a plan, with all that its settings ask for. */
import type { UpstreamConfig } from "./config/types.ts";
import { endpointAddress } from "./core/endpoint.ts";
import type { Member } from "./core/endpoint-state.ts";
import type { Platform, Transport } from "./core/platform.ts";
import type { Probe } from "./core/probe.ts";
import type { Layer, NamedLayer } from "./core/service.ts";
import { shareOf } from "./core/thread-share.ts";
import { HealthChecker } from "./health/health-checker.ts";
import { HealthFollower } from "./health/health-follower.ts";
import { httpProbe } from "./health/http-probe.ts";
import { type ProbeSlots, probeSlots, unqueuedProbeSlots } from "./health/probe-slots.ts";
import { plannedBalancer } from "./planned-balancer.ts";
import { discoveryOrder } from "./planned-discovery.ts";
import { policyFrom } from "./policy-settings.ts";
import type { Upkeep } from "./upkeep.ts";
import { type LastList, foundEndpoints, upstreamDiscovery } from "./upstream-discovery.ts";
import type { HealthPolicy, UpstreamPolicy } from "./upstream-policy.ts";
import { sharedNames } from "./upstream-state.ts";
import { type StackParts, equipment, reportUpstream, upstreamLayers } from "./upstream-stack.ts";
import { createEndpoint } from "./upstream/endpoint.ts";
import type { RegistryDraft } from "./upstream/registry.ts";
import { type HostPolicy, type Upstream, createUpstream } from "./upstream/upstream.ts";

export interface PlanningParts {
  readonly platform: Platform;
  readonly registry: RegistryDraft;
  readonly upkeep: Upkeep;
  /** Takes the checkers of upstreams that have active checks, by name. */
  readonly checkers: Map<string, HealthChecker>;
  /** Called when the plan takes effect; nothing of another plan changes before. */
  readonly effects: (() => void)[];
}

const MINUTE_MS = 60_000;

export const planUpstream = (
  name: string,
  config: UpstreamConfig,
  { platform, registry, upkeep, effects, checkers }: PlanningParts,
): Upstream => {
  const { clock, random, telemetry, share } = platform;
  const parts: StackParts = { name, registry, clock, random, telemetry, share };
  const common = {
    tls: config.tls,
    pool: { ...config.pool, connections: shareOf(config.pool.connections, share) },
    maxHeadBytes: config.limits.headerBytes,
  };
  const policy = policyFrom(config, platform.capabilities.has("background"));
  const { balancer, sticky } = plannedBalancer(name, config, platform);
  const last = registry.shared(sharedNames.discovered(name), config.discovery, newList);
  const { endpoints: discovered } = last;
  const upstream = createUpstream({
    name,
    endpoints:
      (discovered && foundEndpoints(name, discovered, common)) ??
      config.endpoints.map((endpoint) => createEndpoint({ ...common, ...endpoint, upstream: name })),
    balancer,
    registry,
    clock,
    isDraft: true,
    viaFetch: config.transport === "fetch",
    host: hostPolicy(config.host),
    timeouts: {
      connectMs: config.timeouts.connectMs,
      firstByteMs: config.timeouts.firstByteMs,
      idleMs: config.timeouts.idleMs ?? MINUTE_MS,
      eventStreamIdleMs: config.timeouts.idleMs ?? 5 * MINUTE_MS,
      tunnelIdleMs: config.timeouts.tunnelIdleMs,
    },
    mayBeAbandoned: platform.abandonsRequests,
    layers: [...cookieLayer(sticky?.layer(() => upstream.set)), ...upstreamLayers(policy, parts)],
    ...equipment(policy, parts),
  });
  effects.push(() => {
    upstream.takeEffect();
    // Another plan has discovered others meanwhile.
    if (last.endpoints !== undefined && last.endpoints !== discovered)
      upstream.update(foundEndpoints(name, last.endpoints, common));
  });
  const checker = policy.health && healthChecker(upstream, policy.health, platform, parts);
  if (checker !== undefined) {
    upkeep.add(checker);
    if (checker instanceof HealthChecker) checkers.set(name, checker);
  }
  if (config.discovery !== undefined && platform.discover !== undefined) {
    upkeep.add(
      upstreamDiscovery({
        upstream,
        last,
        source: platform.discover(discoveryOrder(name, config)),
        common,
        telemetry,
        onChange: () => checker?.changed(),
      }),
    );
  }
  return upstream;
};

const newList = (): LastList => ({ endpoints: undefined });

const cookieLayer = (layer: Layer | undefined): readonly NamedLayer[] =>
  layer === undefined ? [] : [{ name: "sticky cookie", layer }];

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

const probeOf = (upstream: Upstream, health: HealthPolicy, platform: Platform): Probe => {
  if (health.check !== "tcp") {
    return httpProbe({ ...health, transport: transportOf(upstream, platform), clock: platform.clock });
  }
  if (platform.tcpProbe !== undefined) return platform.tcpProbe;
  return async () => ({ passed: true, detail: `${platform.name} opens no connections` });
};

const healthChecker = (
  upstream: Upstream,
  health: NonNullable<UpstreamPolicy["health"]>,
  platform: Platform,
  parts: StackParts,
): HealthChecker | HealthFollower => {
  const { clock, random, registry } = parts;
  const { checks } = platform;
  const membersOf = (): readonly Member[] => upstream.set.members;
  if (checks?.follow !== undefined)
    return new HealthFollower({ upstream: upstream.name, clock, follow: checks.follow, membersOf });
  return new HealthChecker({
    clock,
    random,
    options: health,
    probe: probeOf(upstream, health, platform),
    // One bound for all upstreams.
    slots: registry.shared("health checks", undefined, (): ProbeSlots =>
      // A check must not wait for one of another request where each request is by itself.
      platform.capabilities.has("background") ? probeSlots() : unqueuedProbeSlots(clock),
    ),
    membersOf,
    onResult: ({ endpoint: { key } }, result) =>
      checks?.publish?.({ upstream: upstream.name, key, ...result }),
    onChange: ({ endpoint, change, detail }) =>
      reportUpstream(parts, {
        kind: "health",
        upstream: upstream.name,
        endpoint: endpointAddress(endpoint),
        change,
        reason: detail,
      }),
  });
};
