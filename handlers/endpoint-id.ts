/** What endpoints are called in the admin API. */
import { type Endpoint, endpointAddress } from "../src/core/endpoint.ts";

/** Unique in its upstream: `http://10.0.0.1:3000/base`, or the path of a Unix socket. */
export const endpointId = (endpoint: Pick<Endpoint, "socketPath" | "origin" | "basePath">): string =>
  endpointAddress(endpoint) + endpoint.basePath;
