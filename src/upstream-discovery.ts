/** Keeps an upstream's endpoints as a source reports them. */
import type { Endpoint } from "./core/endpoint.ts";
import type { Telemetry } from "./core/telemetry.ts";
import { DiscoveredSet } from "./discovery/discovered-set.ts";
import type { EndpointSource, FoundEndpoint } from "./core/endpoint-source.ts";
import { type EndpointOptions, createEndpoint } from "./upstream/endpoint.ts";
import type { Upstream } from "./upstream/upstream.ts";

/** What a source has reported last: where the next plan begins. */
export interface LastList {
  endpoints: readonly FoundEndpoint[] | undefined;
}

export interface UpstreamDiscoveryParts {
  readonly upstream: Upstream;
  readonly source: EndpointSource;
  /** What all endpoints of the upstream have in common. */
  readonly common: Pick<EndpointOptions, "tls" | "pool" | "maxHeadBytes">;
  readonly telemetry: Telemetry;
  /** Written with each change. */
  readonly last: LastList;
  /** Called after each change: checks begin with the new ones. */
  readonly onChange?: (() => void) | undefined;
}

export const upstreamDiscovery = (parts: UpstreamDiscoveryParts): DiscoveredSet => {
  const { upstream, source, common, telemetry, onChange, last } = parts;
  return new DiscoveredSet({
    source,
    apply(found) {
      upstream.update(foundEndpoints(upstream.name, found, common));
      last.endpoints = found;
      onChange?.();
    },
    onEvent: ({ result, reason }) => {
      if (source.isFollower !== true)
        telemetry.upstreamEvent?.({ kind: "endpoints", upstream: upstream.name, result, reason });
    },
  });
};

/** Of those that differ in writing alone (`http://a` and `http://a:80`) the first counts: they are one server. */
export const foundEndpoints = (
  upstream: string,
  found: readonly FoundEndpoint[],
  common: UpstreamDiscoveryParts["common"],
): readonly Endpoint[] => {
  const byKey = new Map<string, Endpoint>();
  for (const { url, weight = 1, priority, zone, region, name } of found) {
    const endpoint = createEndpoint({ ...common, upstream, url, weight, priority, zone, region, name });
    if (!byKey.has(endpoint.key)) byKey.set(endpoint.key, endpoint);
  }
  return [...byKey.values()];
};
