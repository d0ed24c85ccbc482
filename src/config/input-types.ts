/** The config as people write it. What is undefined is as if it were left out. */
import type { RouteMatchInput } from "./match-types.ts";

/** Milliseconds, or a number with a unit: `"250ms"`, `"10s"`, `"5m"`, `"1h"`, `"1d"`. */
export type DurationInput = number | string;
/** Bytes, or a number with a unit: `"64KB"` (1000), `"64KiB"` (1024), `"1MB"`, `"1GiB"`. */
export type SizeInput = number | string;

export type BalancePolicy = "round-robin" | "random";

type OneOrMany<T> = T | readonly T[];

/** A gateway as people write it. */
export interface ConfigInput {
  readonly $schema?: string | undefined;
  readonly listen?:
    | {
        readonly port?: number | string | undefined;
        readonly host?: string | undefined;
        readonly trustedProxies?: OneOrMany<string> | undefined;
        readonly readyPath?: string | undefined;
        readonly halfClose?: "close" | "answer" | undefined;
        readonly limits?:
          | {
              readonly headerBytes?: SizeInput | undefined;
              readonly headers?: number | undefined;
              readonly targetBytes?: SizeInput | undefined;
              readonly bodyBytes?: SizeInput | "unlimited" | undefined;
              readonly connections?: number | undefined;
              readonly requestsPerConnection?: number | undefined;
            }
          | undefined;
        readonly timeouts?:
          | { readonly header?: DurationInput | undefined; readonly keepAlive?: DurationInput | undefined }
          | undefined;
        readonly drain?:
          | { readonly delay?: DurationInput | undefined; readonly timeout?: DurationInput | undefined }
          | undefined;
      }
    | undefined;
  /** A URL, a list of URLs, or the long form. */
  readonly upstreams?:
    | Readonly<Record<string, string | readonly (string | EndpointInput)[] | UpstreamInput>>
    | undefined;
  readonly routes?: readonly RouteInput[] | undefined;
  readonly validation?:
    | {
        readonly methods?: readonly string[] | undefined;
        readonly hosts?: readonly string[] | undefined;
        readonly contentTypes?: readonly string[] | undefined;
        readonly underscores?: "drop" | "reject" | "allow" | undefined;
        readonly encodedSlash?: "reject" | "keep" | undefined;
      }
    | undefined;
  readonly securityHeaders?:
    | false
    | "default"
    | "strict"
    | {
        readonly preset?: "default" | "strict" | undefined;
        readonly headers?: Readonly<Record<string, string | false>> | undefined;
        readonly override?: boolean | undefined;
        readonly remove?: readonly string[] | undefined;
      }
    | undefined;
  readonly requestId?:
    | { readonly header?: string | undefined; readonly trust?: "always" | "trusted" | "never" | undefined }
    | undefined;
  readonly forwarding?:
    | {
        readonly xForwarded?: boolean | undefined;
        readonly forwarded?: boolean | undefined;
        readonly via?: string | false | undefined;
      }
    | undefined;
  /** Hono middleware around every route; from TypeScript only. */
  readonly middleware?: readonly unknown[] | undefined;
}

export interface EndpointInput {
  readonly url: string;
  readonly weight?: number | undefined;
}

export interface UpstreamInput {
  readonly endpoints: OneOrMany<string | EndpointInput>;
  readonly balance?: BalancePolicy | undefined;
  readonly host?: string | undefined;
  readonly tls?:
    | {
        readonly verify?: boolean | undefined;
        readonly ca?: string | undefined;
        readonly serverName?: string | undefined;
        readonly cert?: string | undefined;
        readonly key?: string | undefined;
      }
    | undefined;
  readonly timeouts?:
    | {
        readonly connect?: DurationInput | undefined;
        readonly firstByte?: DurationInput | undefined;
        readonly idle?: DurationInput | undefined;
      }
    | undefined;
  readonly pool?:
    | {
        readonly connections?: number | undefined;
        readonly keepAlive?: DurationInput | undefined;
        readonly idle?: number | undefined;
      }
    | undefined;
  readonly limits?: { readonly headerBytes?: SizeInput | undefined } | undefined;
  readonly transport?: "fetch" | undefined;
}

export interface HeaderEditInput {
  readonly set?: Readonly<Record<string, string>> | undefined;
  readonly append?: Readonly<Record<string, OneOrMany<string>>> | undefined;
  readonly remove?: OneOrMany<string> | undefined;
}

export interface RouteInput {
  /** Hono middleware around this route, inside of the gateway's; from TypeScript only. */
  readonly middleware?: readonly unknown[] | undefined;
  readonly name?: string | undefined;
  /** One match or several; any of them suffices. */
  readonly match?: OneOrMany<RouteMatchInput> | undefined;
  /** Name of an upstream, or several with weights. */
  readonly upstream?:
    | string
    | readonly {
        readonly name: string;
        readonly weight?: number | undefined;
        readonly requestHeaders?: HeaderEditInput | undefined;
        readonly responseHeaders?: HeaderEditInput | undefined;
      }[]
    | undefined;
  readonly redirect?:
    | {
        readonly status?: 301 | 302 | 303 | 307 | 308 | undefined;
        readonly scheme?: "http" | "https" | undefined;
        readonly host?: string | undefined;
        readonly port?: number | undefined;
        readonly prefix?: string | undefined;
        readonly path?: string | undefined;
      }
    | undefined;
  readonly respond?:
    | {
        readonly status?: number | undefined;
        readonly headers?: Readonly<Record<string, string>> | undefined;
        readonly body?: string | undefined;
      }
    | undefined;
  readonly rewrite?:
    | {
        readonly host?: string | undefined;
        readonly stripPrefix?: boolean | undefined;
        readonly prefix?: string | undefined;
        readonly path?: string | undefined;
      }
    | undefined;
  readonly requestHeaders?: HeaderEditInput | undefined;
  readonly responseHeaders?: HeaderEditInput | undefined;
  readonly timeouts?:
    | {
        readonly total?: DurationInput | undefined;
        readonly firstByte?: DurationInput | undefined;
        readonly idle?: DurationInput | undefined;
      }
    | undefined;
  readonly bodyBytes?: SizeInput | "unlimited" | undefined;
  readonly encodedSlash?: "reject" | "keep" | undefined;
}
