/** Endpoints that the config lists. */
import type { EndpointSource, FoundEndpoint } from "../core/endpoint-source.ts";

export const staticSource = (endpoints: readonly FoundEndpoint[]): EndpointSource => ({
  name: "the config",
  start: (listener) => listener({ kind: "found", endpoints }),
  stop() {},
});
