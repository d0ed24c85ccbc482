/** One server of an upstream, and how to talk to it. */

/** TLS towards the endpoint. Values are PEM text, never paths. */
export interface EndpointTls {
  /** @default true */
  readonly verify: boolean;
  readonly ca: string | undefined;
  /** SNI and the name the certificate must carry; the URL's host where undefined. */
  readonly serverName: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** How connections to the endpoint are kept. */
export interface EndpointPool {
  /** Most connections open at once; further requests wait for one within the connect timeout. Infinity is no cap. */
  readonly connections: number;
  /** Most connections kept open without a request. */
  readonly idle: number;
  /** How long one is kept so, unless the peer announces its own limit (`Keep-Alive: timeout`). 0 keeps none. */
  readonly keepAliveMs: number;
}

/** Time limits of one attempt, in milliseconds. 0 is no limit. */
export interface AttemptTimeouts {
  readonly connectMs: number;
  /** From request sent to response head. */
  readonly firstByteMs: number;
  /** Between two pieces of a body, either direction. */
  readonly idleMs: number;
  /** The same where the response is an event stream, which may be quiet for long. */
  readonly eventStreamIdleMs: number;
  /** Without a byte in either direction of a tunnel. */
  readonly tunnelIdleMs: number;
}

export interface Endpoint {
  /** Stable identity: equal endpoints of two plans have equal keys. */
  readonly key: string;
  /** Name of the upstream it belongs to. */
  readonly upstream: string;
  /** `http://host:port` or `https://host:port`, no path. For Unix sockets the URL the request is written for. */
  readonly origin: string;
  readonly scheme: "http" | "https";
  /** Host as it goes into the Host field by default: default ports left out. */
  readonly authority: string;
  /** Path every target is put behind: "", or as it was written, with or without a "/" at its end. */
  readonly basePath: string;
  /** Path of a Unix domain socket to connect to instead of host and port. */
  readonly socketPath: string | undefined;
  /** Share of new traffic relative to its siblings; 0 is none. */
  readonly weight: number;
  /** Tier for balancing by priority; 0 is tried first. @default 0 */
  readonly priority?: number | undefined;
  /** Name of the zone it stands in. */
  readonly zone?: string | undefined;
  /** Country or larger area whose clients it serves first. */
  readonly region?: string | undefined;
  readonly tls: EndpointTls | undefined;
  readonly pool: EndpointPool;
  /** Most bytes of a response's header section. */
  readonly maxHeadBytes: number;
}

/** Where an endpoint is, as reports and messages name it: `http://host:port`, or the path of its socket. */
export const endpointAddress = ({ socketPath, origin }: Pick<Endpoint, "socketPath" | "origin">): string =>
  socketPath ?? origin;
