/** Where the endpoints of an upstream come from, as its settings say. */
import type { DiscoveryConfig, UpstreamConfig } from "./config/types.ts";
import type { DiscoveryOrder } from "./core/endpoint-source.ts";
import type { Endpoint } from "./core/endpoint.ts";
import { createEndpoint } from "./upstream/endpoint.ts";

/** The rule of the settings sees to it that there is one. */
export const discoveryOrder = (
  upstream: string,
  { discovery = {} as DiscoveryConfig, pool }: Pick<UpstreamConfig, "discovery" | "pool">,
): DiscoveryOrder => {
  const { dns, srv, file, http, kubernetes } = discovery;
  const server = (url: string, ca?: string): Endpoint =>
    createEndpoint({
      upstream: `${upstream} discovery`,
      url,
      weight: 1,
      pool,
      tls: ca === undefined ? undefined : { ...VERIFIED, ca },
    });
  if (dns !== undefined) {
    const { hostname, protocol, port } = new URL(dns.url);
    const scheme = protocol === "https:" ? "https" : "http";
    const implied = scheme === "https" ? 443 : 80;
    return { kind: "dns", name: hostname, scheme, port: Number(port) || implied, servers: dns.servers };
  }
  if (srv !== undefined) return { kind: "dns", ...srv, port: undefined };
  if (file !== undefined) return { kind: "file", path: file };
  if (http !== undefined) {
    const { origin, pathname, search } = new URL(http.url);
    return {
      kind: "http",
      server: server(origin),
      target: pathname + search,
      fields: Object.entries(http.headers).flat(),
      intervalMs: http.intervalMs,
    };
  }
  if (kubernetes === undefined) throw new TypeError(`upstream "${upstream}" discovers nothing`);
  return { ...kubernetes, kind: "kubernetes", server: server(kubernetes.server, kubernetes.ca) };
};

const VERIFIED = Object.freeze({ verify: true, serverName: undefined, cert: undefined, key: undefined });
