/** Endpoints from what the config says of them. */
import type { Endpoint, EndpointPool, EndpointTls } from "../core/endpoint.ts";

export interface EndpointOptions {
  readonly upstream: string;
  /** `http://…`, `https://…` or `unix:/path/to.sock`. */
  readonly url: string;
  readonly weight: number;
  readonly tls: EndpointTls | undefined;
  readonly pool: EndpointPool;
  /** @default 65536 */
  readonly maxHeadBytes?: number;
}

const DEFAULT_MAX_HEAD_BYTES = 64 * 1024;

const UNIX_PREFIX = "unix:";

const VERIFIED: EndpointTls = {
  verify: true,
  ca: undefined,
  serverName: undefined,
  cert: undefined,
  key: undefined,
};

/** Throws `TypeError` when `url` is none of the three forms. */
export const createEndpoint = (options: EndpointOptions): Endpoint => {
  const { upstream, url, weight, tls, pool, maxHeadBytes = DEFAULT_MAX_HEAD_BYTES } = options;
  const socketPath = url.startsWith(UNIX_PREFIX) ? url.slice(UNIX_PREFIX.length) : undefined;
  const parsed = new URL(socketPath === undefined ? url : "http://localhost");
  if (parsed.protocol !== "http:" && parsed.protocol !== "https:") {
    throw new TypeError(`endpoint "${url}": expected http://, https:// or unix:/path`);
  }
  const secure = parsed.protocol === "https:";
  const effectiveTls = secure ? (tls ?? VERIFIED) : undefined;
  return {
    key: JSON.stringify([upstream, socketPath ?? parsed.origin, parsed.pathname]),
    upstream,
    origin: parsed.origin,
    scheme: secure ? "https" : "http",
    authority: parsed.host,
    basePath: parsed.pathname === "/" ? "" : parsed.pathname,
    socketPath,
    weight,
    tls: effectiveTls,
    pool,
    maxHeadBytes,
  };
};
