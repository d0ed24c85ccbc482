/** Endpoints for tests of whatever chooses between them. */
import type { Endpoint } from "../../src/core/endpoint.ts";
import type { EndpointSet } from "../../src/core/endpoint-state.ts";
import { createEndpoint } from "../../src/upstream/endpoint.ts";

export const POOL: Endpoint["pool"] = { connections: 8, idle: 8, keepAliveMs: 4000 };

/** One endpoint a name, in order; the name stands in `upstream` and in the host. */
export const endpointSet = (weights: Readonly<Record<string, number>>): EndpointSet => ({
  version: 1,
  endpoints: Object.entries(weights).map(([name, weight]) =>
    createEndpoint({ upstream: name, url: `http://${name}.test`, weight, tls: undefined, pool: POOL }),
  ),
});

export const always = (): boolean => true;
