/** Keeps an upstream's endpoints as a source reports them. */
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
      last.endpoints = found;
      upstream.update(found.map((each) => foundEndpoint(upstream.name, each, common)));
      onChange?.();
    },
    onEvent: ({ result, reason }) =>
      telemetry.upstreamEvent?.({ kind: "endpoints", upstream: upstream.name, result, reason }),
  });
};

export const foundEndpoint = (
  upstream: string,
  { url, weight = 1, priority, zone, region, name }: FoundEndpoint,
  common: UpstreamDiscoveryParts["common"],
): ReturnType<typeof createEndpoint> =>
  createEndpoint({ ...common, upstream, url, weight, priority, zone, region, name });
