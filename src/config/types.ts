/**
 * The config, twice: `Config` as the proxy reads it (defaults filled in, units resolved, shorthands spelt out)
 * and `ConfigInput` as people write it. The schema beside this file is checked against both by the compiler.
 */
import type { BalancePolicy } from "./input-types.ts";
import type { RouteMatch } from "./match-types.ts";

export type * from "./input-types.ts";

/** A whole gateway. */
export interface Config {
  readonly listen: ListenConfig;
  readonly upstreams: Readonly<Record<string, UpstreamConfig>>;
  readonly routes: readonly RouteConfig[];
  readonly validation: ValidationConfig;
  readonly securityHeaders: SecurityHeadersConfig | false;
  readonly requestId: RequestIdConfig;
  readonly forwarding: ForwardingConfig;
  /** Hono middleware around every route. */
  readonly middleware: readonly unknown[];
}

/** Where and how clients connect. */
export interface ListenConfig {
  /** @default 8080 */
  readonly port: number;
  /** Address to bind. @default "0.0.0.0" */
  readonly host: string;
  /** CIDR ranges or addresses of proxies whose forwarding headers are believed. @default [] */
  readonly trustedProxies: readonly string[];
  /** Path that answers 200 while serving and 503 while draining; none unless set. */
  readonly readyPath: string | undefined;
  /** Whether a client that ends its side behind a complete request has left. @default "close" */
  readonly halfClose: "close" | "answer";
  readonly limits: ListenLimits;
  readonly timeouts: ListenTimeouts;
  readonly drain: DrainConfig;
}

export interface ListenLimits {
  /** Bytes of the header section, names and values. @default "32KiB" */
  readonly headerBytes: number;
  /** Number of header fields. @default 100 */
  readonly headers: number;
  /** Bytes of the request target. @default "8KiB" */
  readonly targetBytes: number;
  /** Bytes of a request body; Infinity (`"unlimited"`) for none. @default "100MiB" */
  readonly bodyBytes: number;
  /** Client connections open at once. @default 10000 */
  readonly connections: number;
  /** Requests answered on one client connection before it is closed. @default 10000 */
  readonly requestsPerConnection: number;
}

export interface ListenTimeouts {
  /** Milliseconds a client may take to send its header section. @default "10s" */
  readonly headerMs: number;
  /** Milliseconds an idle client connection stays open. @default "75s" */
  readonly keepAliveMs: number;
}

export interface DrainConfig {
  /** Milliseconds between turning not-ready and refusing new connections. @default "5s" */
  readonly delayMs: number;
  /** Milliseconds that requests in flight get after that. @default "30s" */
  readonly timeoutMs: number;
}

/** A named group of equivalent servers. */
export interface UpstreamConfig {
  readonly endpoints: readonly EndpointConfig[];
  /** @default "round-robin" (smooth, weighted) */
  readonly balance: BalancePolicy;
  /** Host sent upstream: the endpoint's (`"upstream"`), the client's (`"preserve"`), or a literal. @default "upstream" */
  readonly host: string;
  readonly tls: UpstreamTlsConfig | undefined;
  readonly timeouts: UpstreamTimeouts;
  readonly pool: PoolConfig;
  readonly limits: { readonly headerBytes: number };
  /** @default the proxy's own client where the runtime has sockets */
  readonly transport: "fetch" | undefined;
}

export interface EndpointConfig {
  /** `http://…`, `https://…`, or `unix:/path/to.sock` (plain HTTP over a Unix domain socket). */
  readonly url: string;
  /** @default 1 */
  readonly weight: number;
}

/** PEM text, usually from `${file:…}`. */
export interface UpstreamTlsConfig {
  /** @default true */
  readonly verify: boolean;
  readonly ca: string | undefined;
  readonly serverName: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

export interface UpstreamTimeouts {
  /** @default "3s" */
  readonly connectMs: number;
  /** From request sent to response head. @default "15s" */
  readonly firstByteMs: number;
  /** Between two pieces of a body, either direction. @default "60s", "5m" for event streams */
  readonly idleMs: number | undefined;
}

export interface PoolConfig {
  /** Most connections to one endpoint; further requests wait for one. @default Infinity */
  readonly connections: number;
  /** Idle connections kept to one endpoint. @default 256 */
  readonly idle: number;
  /** @default "4s", or the peer's `Keep-Alive: timeout` less 2 s */
  readonly keepAliveMs: number;
}

/** What to do with the requests that match. Exactly one of `upstreams`, `redirect` and `respond` is set. */
export interface RouteConfig {
  /** For people; unique. @default "route 1", "route 2", … */
  readonly name: string;
  /** Any of these. @default one that matches everything */
  readonly match: readonly RouteMatch[];
  readonly upstreams: readonly WeightedUpstream[] | undefined;
  readonly redirect: RedirectConfig | undefined;
  readonly respond: RespondConfig | undefined;
  readonly rewrite: RewriteConfig | undefined;
  readonly requestHeaders: HeaderEditConfig | undefined;
  readonly responseHeaders: HeaderEditConfig | undefined;
  readonly timeouts: RouteTimeouts;
  /** Overrides `listen.limits.bodyBytes`. */
  readonly bodyBytes: number | undefined;
  /** Hono middleware around this route, inside of the gateway's. */
  readonly middleware: readonly unknown[];
  /** Overrides `validation.encodedSlash`. */
  readonly encodedSlash: "reject" | "keep" | undefined;
}

export interface WeightedUpstream {
  readonly name: string;
  /** Share of the route's requests; 0 gets none. @default 1 */
  readonly weight: number;
  readonly requestHeaders: HeaderEditConfig | undefined;
  readonly responseHeaders: HeaderEditConfig | undefined;
}

/** At most one of `stripPrefix`, `prefix` and `path`. */
export interface RewriteConfig {
  /** Host sent upstream instead of what the upstream's policy says. May hold variables. */
  readonly host: string | undefined;
  /** Removes the matched prefix (segments). */
  readonly stripPrefix: boolean;
  /** Replaces the matched prefix (Gateway API `ReplacePrefixMatch`). */
  readonly prefix: string | undefined;
  /** Replaces the whole path (Gateway API `ReplaceFullPath`). May hold variables. */
  readonly path: string | undefined;
}

export interface RedirectConfig {
  /** 301, 302, 303, 307 or 308. @default 302 */
  readonly status: 301 | 302 | 303 | 307 | 308;
  readonly scheme: "http" | "https" | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  /** As in `rewrite`. */
  readonly prefix: string | undefined;
  readonly path: string | undefined;
}

export interface RespondConfig {
  /** @default 200 */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** @default "" */
  readonly body: string;
}

/** Values may hold variables: `${client.address}`, `${request.id}`, `${param.id}`, `${header.x-foo}`. */
export interface HeaderEditConfig {
  readonly set: Readonly<Record<string, string>>;
  readonly append: Readonly<Record<string, readonly string[]>>;
  readonly remove: readonly string[];
}

export interface RouteTimeouts {
  /** The whole exchange; undefined is off. */
  readonly totalMs: number | undefined;
  readonly firstByteMs: number | undefined;
  readonly idleMs: number | undefined;
}

export interface ValidationConfig {
  /** Methods that are let through, HEAD wherever GET is; undefined is all but CONNECT and TRACE. */
  readonly methods: readonly string[] | undefined;
  /** Hosts that are served (exact or `*.example.com`), forwarded ones too; undefined is any. */
  readonly hosts: readonly string[] | undefined;
  /** Media types accepted in request bodies (`application/json`, `text/*`); undefined is any. */
  readonly contentTypes: readonly string[] | undefined;
  /** What becomes of header names that hold an underscore. @default "drop" */
  readonly underscores: "drop" | "reject" | "allow";
  /** What becomes of requests with an encoded slash (`%2F`) in their path. @default "reject" */
  readonly encodedSlash: "reject" | "keep";
}

export interface SecurityHeadersConfig {
  /** @default "default" */
  readonly preset: "default" | "strict";
  /** Value of a header, or false to leave it out. Lower-case names. */
  readonly headers: Readonly<Record<string, string | false>>;
  /** Replace what the upstream set. @default false */
  readonly override: boolean;
  /** Response headers taken out. @default ["server", "x-powered-by"] */
  readonly remove: readonly string[];
}

export interface RequestIdConfig {
  /** Header that carries the id, both ways. @default "x-request-id" */
  readonly header: string;
  /** Keep the id that a client sent (1-128 characters of `A-Za-z0-9._~-`). @default "trusted": only from trusted proxies */
  readonly trust: "always" | "trusted" | "never";
}

export interface ForwardingConfig {
  /** Send `X-Forwarded-For/Host/Proto/Port`. @default true */
  readonly xForwarded: boolean;
  /** Send `Forwarded` (RFC 7239). @default false */
  readonly forwarded: boolean;
  /** Pseudonym in `Via` (RFC 9110 §7.6.3); false for none. @default "fairlead" */
  readonly via: string | false;
}
