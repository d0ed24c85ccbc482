/** Connects to the upstreams at the start, so that a wrong port is found before the first request. */
import type { Config, EndpointConfig } from "../src/config/types.ts";
import { hostAndPort } from "../src/http/url-host.ts";
import type { Host, ReachTarget } from "./host.ts";

/** With more endpoints than this, only the first are tried. */
const MOST = 32;

/** Where to connect to for an endpoint. */
const reachTarget = ({ url }: EndpointConfig): ReachTarget =>
  url.startsWith("unix:") ? { path: url.slice("unix:".length) } : hostAndPort(url);

/** An endpoint that accepts no connection. */
export interface Unreachable {
  /** Name of its upstream. */
  readonly name: string;
  readonly url: string;
  readonly reason: string;
}

/** Connects to the endpoints that the config lists. */
export const unreachableEndpoints = async (
  config: Config,
  host: Pick<Host, "reach">,
): Promise<readonly Unreachable[]> => {
  const endpoints = Object.entries(config.upstreams)
    .flatMap(([name, upstream]) => upstream.endpoints.map((endpoint) => ({ name, endpoint })))
    .filter(({ endpoint }) => endpoint.weight > 0)
    .slice(0, MOST);
  const reasons = await Promise.all(
    endpoints.map(async ({ name, endpoint }) => ({
      name,
      url: endpoint.url,
      reason: await host.reach(reachTarget(endpoint)),
    })),
  );
  return reasons.flatMap(({ name, url, reason }) => (reason === undefined ? [] : [{ name, url, reason }]));
};

/** One sentence for each endpoint that accepts no connection. */
export const unreachable = async (config: Config, host: Pick<Host, "reach">): Promise<readonly string[]> =>
  (await unreachableEndpoints(config, host)).map(
    ({ name, url, reason }) =>
      `upstream "${name}": nothing answers at ${url} (${reason}); requests to it get 502 until it does, so start it or correct its URL`,
  );
