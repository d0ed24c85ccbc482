/** The library's two entry points, bound to one runtime's platform. */
import type { Hono } from "hono";
import { type GatewayOptions, createGateway } from "../handlers/gateway.ts";
import { type ProxyTo, createProxyTo } from "../handlers/proxy.ts";
import { explicitPaths } from "../src/config/paths.ts";
import { parseConfig } from "../src/config/parse.ts";
import type { ConfigInput } from "../src/config/types.ts";
import type { Platform } from "../src/core/platform.ts";
import { refuseUnsupported } from "./refuse.ts";

/**
 * A whole gateway as a Hono app: mount it with `app.route("/", gateway(config))`, or serve its `fetch`.
 * Throws `ConfigError` with everything that is wrong with the config, or that this runtime can't do.
 */
export type GatewayOf = (config: ConfigInput, options?: GatewayOptions) => Hono;

export interface Bound {
  readonly gateway: GatewayOf;
  readonly proxyTo: ProxyTo;
}

/** Both share one platform, and so its upstream connections. It is made when the first of them is called. */
export const bind = (create: () => Platform): Bound => {
  let platform: Platform | undefined;
  const lent = (): Platform => (platform ??= create());
  return {
    gateway: (input, options) => {
      const config = parseConfig(input);
      refuseUnsupported(config, lent(), explicitPaths(input));
      return createGateway(config, lent(), options);
    },
    proxyTo: createProxyTo(lent, refuseUnsupported),
  };
};
