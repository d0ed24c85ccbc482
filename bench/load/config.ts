/** The config that every Fairlead contender runs: the whole default chain. */
import type { ConfigInput, UpstreamInput } from "../../src/config/types.ts";

/** Only the body limit is raised, for the streamed uploads; bytes are still counted. */
export const benchConfig = (port: number, originPort: number): ConfigInput => ({
  listen: { host: "127.0.0.1", port, limits: { bodyBytes: "4GiB" } },
  upstreams: { origin: `http://127.0.0.1:${originPort}` },
  routes: [{ match: { path: "/*" }, upstream: "origin" }],
});

/** The same with TLS on a further port. */
export const tlsConfig = (
  port: number,
  originPort: number,
  tlsPort: number,
  tls: { readonly cert: string; readonly key: string },
): ConfigInput => {
  const { listen, ...config } = benchConfig(port, originPort);
  return { ...config, listen: { ...listen, also: [{ port: tlsPort, host: "127.0.0.1", tls }] } };
};

/** The same with metrics. */
export const measuredConfig = (port: number, originPort: number): ConfigInput => ({
  ...benchConfig(port, originPort),
  admin: { port: 0 },
});

/** The same in front of two endpoints, both of them the origin, with health, breaker, ejection, retry and budget or without. */
export const resilienceConfig = (port: number, originPort: number, isOn: boolean): ConfigInput => {
  const endpoints = [`http://127.0.0.1:${originPort}`, `http://localhost:${originPort}`];
  const upstream: UpstreamInput = isOn
    ? { endpoints, balance: "p2c", health: "/1k" }
    : { endpoints, balance: "round-robin", breaker: false, retry: false, ejection: false, slowStart: 0 };
  return { ...benchConfig(port, originPort), upstreams: { origin: upstream } };
};
