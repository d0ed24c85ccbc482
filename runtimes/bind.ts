/** The library's two entry points, bound to one runtime's platform. */
import type { Hono } from "hono";
import { type GatewayOptions, createGateway, gatewayOptions } from "../handlers/gateway.ts";
import { hostPlatform } from "../handlers/host-options.ts";
import { type ProxyTo, createProxyTo } from "../handlers/proxy.ts";
import { explicitPaths } from "../src/config/tree.ts";
import { readConfig, readNamed } from "../src/config/parse.ts";
import type { ConfigInput } from "../src/config/types.ts";
import type { Platform } from "../src/core/platform.ts";
import { LISTENER_CAPABILITIES } from "../src/core/capability.ts";
import { refuseUnsupported } from "./refuse.ts";

/**
 * A whole gateway as a Hono app: serve its `fetch`, or mount it with `app.route("/", gateway(config))`.
 *
 * It answers every request that reaches it, with a 404 problem where no route matches, and never falls through to
 * handlers that were registered after it. Of `listen`, the port and whatever else concerns the server is left to who
 * serves the app.
 *
 * Routes and `listen.readyPath` see the same path: under `app.route("/shop", gateway(config))` the whole one, `/shop/x`, and
 * under `app.mount("/shop", gateway(config).fetch)` what is behind the prefix, `/x`.
 *
 * @throws ConfigError with everything that is wrong with the config, or that the platform can't do; TypeError naming the
 * option that is wrong.
 */
export type GatewayOf = (config: ConfigInput, options?: GatewayOptions) => Hono;

export interface Bound {
  readonly gateway: GatewayOf;
  readonly proxyTo: ProxyTo;
}

/**
 * Both share one platform, and so its upstream connections, except where they are given another. It is made when the
 * first of them needs it.
 */
export const bind = (create: () => Platform): Bound => {
  let platform: Platform | undefined;
  const own = (): Platform => (platform ??= withoutListener(create()));
  return {
    gateway: (input, options = {}) => {
      readNamed("gateway", options, gatewayOptions);
      const lent = hostPlatform(options, own);
      const { config, ...shown } = readConfig(input);
      refuseUnsupported(config, lent, explicitPaths(input));
      return createGateway(config, lent, { lifecycle: options.lifecycle, shown });
    },
    proxyTo: createProxyTo(own, refuseUnsupported),
  };
};

/** Who serves the app is not ours: what concerns connections of clients can't be promised. */
const withoutListener = (platform: Platform): Platform => ({
  ...platform,
  name: `an app on somebody else's server (${platform.name})`,
  capabilities: platform.capabilities.difference(LISTENER_CAPABILITIES),
});
