/** The config that every Fairlead contender runs: the whole default chain. */
import type { ConfigInput } from "../../src/config/types.ts";

/** Only the body limit is raised, for the streamed uploads; bytes are still counted. */
export const benchConfig = (port: number, originPort: number): ConfigInput => ({
  listen: { host: "127.0.0.1", port, limits: { bodyBytes: "4GiB" } },
  upstreams: { origin: `http://127.0.0.1:${originPort}` },
  routes: [{ match: { path: "/*" }, upstream: "origin" }],
});
