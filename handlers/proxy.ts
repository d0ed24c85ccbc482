/** The fetch-based upstream handler: one upstream as a Hono handler. */
import type { Handler } from "hono";
import { parseConfig } from "../src/config/parse.ts";
import type { ConfigInput, RouteInput, UpstreamInput } from "../src/config/types.ts";
import type { Platform } from "../src/core/platform.ts";
import { buildGateway } from "../src/gateway.ts";
import { answer } from "./answer.ts";
import { screenPolicy } from "./screen-policy.ts";

/** Everything that an upstream, a route and forwarding can be told in the config. */
export interface ProxyOptions
  extends
    Omit<UpstreamInput, "endpoints" | "timeouts">,
    Pick<RouteInput, "rewrite" | "requestHeaders" | "responseHeaders" | "bodyBytes"> {
  readonly timeouts?: NonNullable<UpstreamInput["timeouts"]> & NonNullable<RouteInput["timeouts"]>;
  readonly forwarding?: NonNullable<ConfigInput["forwarding"]>;
  /** Addresses or CIDR ranges whose forwarding headers are believed. @default [] */
  readonly trustedProxies?: string | readonly string[];
}

/**
 * A handler that forwards to `url`, or to several URLs in turn: `app.all("/api/*", createProxyTo(platform)("http://…"))`.
 * The path goes upstream as it came in unless `rewrite` says otherwise. Failures become problem answers
 * (RFC 9457); it never throws. Throws `ConfigError` at once when an option is wrong.
 */
export type ProxyTo = (url: string | readonly string[], options?: ProxyOptions) => Handler;

/** `proxyTo` for a platform. */
export const createProxyTo =
  (platform: () => Platform): ProxyTo =>
  (url, options = {}) => {
    const config = parseConfig(configOf(url, options));
    const policy = screenPolicy(config);
    const lent = platform();
    const gateway = buildGateway(config, lent);
    return (c) => answer(c, gateway, lent, policy);
  };

const configOf = (url: string | readonly string[], options: ProxyOptions): ConfigInput => {
  const { rewrite, requestHeaders, responseHeaders, bodyBytes, timeouts, ...rest } = options;
  const { forwarding, trustedProxies, ...upstream } = rest;
  const { total, ...attempt } = timeouts ?? {};
  return defined({
    listen: defined({ trustedProxies }),
    forwarding,
    upstreams: { upstream: defined({ endpoints: url, timeouts: attempt, ...upstream }) },
    routes: [
      defined({
        name: "proxyTo",
        upstream: "upstream",
        timeouts: defined({ total }),
        rewrite,
        requestHeaders,
        responseHeaders,
        bodyBytes,
      }),
    ],
  });
};

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Without the members that are undefined. */
const defined = <T extends object>(value: T): Defined<T> =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Defined<T>;
