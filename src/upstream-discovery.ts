/** Keeps an upstream's endpoints as a source reports them. */
import type { Telemetry } from "./core/telemetry.ts";
import { DiscoveredSet } from "./discovery/discovered-set.ts";
import type { EndpointSource, FoundEndpoint } from "./core/endpoint-source.ts";
import { type EndpointOptions, createEndpoint } from "./upstream/endpoint.ts";
import type { Upstream } from "./upstream/upstream.ts";

export interface UpstreamDiscoveryParts {
  readonly upstream: Upstream;
  readonly source: EndpointSource;
  /** What all endpoints of the upstream have in common. */
  readonly common: Pick<EndpointOptions, "tls" | "pool" | "maxHeadBytes">;
  readonly telemetry: Telemetry;
  /** Called after each change: checks begin with the new ones. */
  readonly onChange?: (() => void) | undefined;
}

export const upstreamDiscovery = (parts: UpstreamDiscoveryParts): DiscoveredSet => {
  const { upstream, source, common, telemetry, onChange } = parts;
  return new DiscoveredSet({
    source,
    apply(found) {
      upstream.update(found.map((each) => endpointOf(upstream.name, each, common)));
      onChange?.();
    },
    onEvent: ({ result, reason }) =>
      telemetry.upstreamEvent?.({ kind: "endpoints", upstream: upstream.name, result, reason }),
  });
};

const endpointOf = (
  upstream: string,
  { url, weight = 1, priority, zone, region, name }: FoundEndpoint,
  common: UpstreamDiscoveryParts["common"],
): ReturnType<typeof createEndpoint> =>
  createEndpoint({ ...common, upstream, url, weight, priority, zone, region, name });
