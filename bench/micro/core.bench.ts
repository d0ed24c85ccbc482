/** Errors and balancers. */
import { do_not_optimize } from "mitata";
import { memoryPlatform } from "../../runtimes/memory/platform.ts";
import { weightedRandom } from "../../src/balance/random.ts";
import { roundRobin } from "../../src/balance/round-robin.ts";
import type { EndpointSet } from "../../src/core/endpoint-state.ts";
import { ProxyError, asProxyError } from "../../src/core/errors.ts";
import type { Exchange } from "../../src/core/exchange.ts";
import { createEndpoint } from "../../src/upstream/endpoint.ts";
import type { Suite } from "./suite.ts";

const cause = new Error("ECONNREFUSED");

const endpoints = (count: number): EndpointSet => ({
  version: 1,
  endpoints: Array.from({ length: count }, (_, i) =>
    createEndpoint({
      upstream: "main",
      url: `http://10.0.${i >> 8}.${i & 255}:3000`,
      weight: 1 + (i % 3),
      tls: undefined,
      pool: { connections: Infinity, idle: 256, keepAliveMs: 4000 },
    }),
  ),
});

const always = (): boolean => true;

const exchange = {} as Exchange; // today's policies don't look at it

const picks = (count: number): Suite["benches"] => {
  const set = endpoints(count);
  const smooth = roundRobin();
  const random = weightedRandom(memoryPlatform().random);
  return {
    [`round robin, ${count}`]: () => do_not_optimize(smooth.pick(set, always, exchange)),
    [`random, ${count}`]: () => do_not_optimize(random.pick(set, always, exchange)),
  };
};

export const suites = (): Suite[] => [
  {
    title: "errors",
    benches: {
      "new ProxyError": () => do_not_optimize(new ProxyError("connect-failed", { cause })),
      "a defect as ProxyError": () => do_not_optimize(asProxyError(cause)),
    },
  },
  { title: "balancer pick, endpoints", benches: { ...picks(1), ...picks(3), ...picks(20), ...picks(100) } },
];
