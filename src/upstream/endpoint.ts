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
  /** Name that the URL's address was found under: stands for it in `Host`, SNI and the certificate's check. */
  readonly name?: string | undefined;
  /** See `Endpoint`. */
  readonly priority?: number | undefined;
  readonly zone?: string | undefined;
  readonly region?: string | undefined;
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
  const effectiveTls = secure ? named(tls ?? VERIFIED, options.name) : undefined;
  return {
    key: JSON.stringify([upstream, socketPath ?? parsed.origin, parsed.pathname]),
    upstream,
    origin: parsed.origin,
    scheme: secure ? "https" : "http",
    authority: options.name === undefined ? parsed.host : withPort(options.name, parsed.port),
    basePath: parsed.pathname === "/" ? "" : parsed.pathname,
    socketPath,
    weight,
    priority: options.priority,
    zone: options.zone,
    region: options.region,
    tls: effectiveTls,
    pool,
    maxHeadBytes,
  };
};

/** A server name that the config sets goes first. */
const named = (tls: EndpointTls, name: string | undefined): EndpointTls =>
  name === undefined || tls.serverName !== undefined ? tls : { ...tls, serverName: name };

const withPort = (name: string, port: string): string => (port === "" ? name : `${name}:${port}`);
