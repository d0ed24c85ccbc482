/** Endpoints for tests of whatever chooses between them. */
import type { Eligible } from "../../src/core/balancer.ts";
import { createEndpoint } from "../../src/upstream/endpoint.ts";

const pool = { connections: 8, keepAliveMs: 4000, pipelining: 1 };

/** One endpoint a name, in order; the name stands in `upstream` and in the host. */
export const eligible = (weights: Readonly<Record<string, number>>): Eligible => {
  const [first, ...rest] = Object.entries(weights).map(([name, weight]) =>
    createEndpoint({ upstream: name, url: `http://${name}.test`, weight, tls: undefined, pool }),
  );
  if (first === undefined) throw new TypeError("at least one endpoint");
  return [first, ...rest];
};
