/** One upstream as a Hono handler. */
import type { Handler } from "hono";
import { parseConfig } from "../src/config/parse.ts";
import { explicitPaths } from "../src/config/tree.ts";
import type { Config } from "../src/config/types.ts";
import type { Platform } from "../src/core/platform.ts";
import { buildGateway } from "../src/gateway.ts";
import { answer } from "./answer.ts";
import { hostPlatform } from "./host-options.ts";
import { type ProxyOptions, type ProxyTarget, inOptions, proxyConfig } from "./proxy-options.ts";

/**
 * A handler that forwards to `target`, or to several in turn: `app.all("/api/*", proxyTo("http://…"))`.
 *
 * The whole path goes upstream as it came in, behind the target's own path if that has one, unless `rewrite` says
 * otherwise: `{ rewrite: { stripPrefix: "/api" } }`. Failures become problem answers (RFC 9457) and are reported to `onFailure`;
 * the handler never throws.
 *
 * @throws ConfigError (a `TypeError`) at once, with every option that is wrong or more than the platform can do.
 */
export type ProxyTo = (target: ProxyTarget | readonly ProxyTarget[], options?: ProxyOptions) => Handler;

/** Throws `ConfigError` where `platform` can't do what `config` asks for; `explicit` is what somebody set. */
type Accept = (config: Config, platform: Platform, explicit: ReadonlySet<string>) => void;

/** `proxyTo` for a platform. */
export const createProxyTo =
  (own: () => Platform, accept: Accept): ProxyTo =>
  (target, options = {}) => {
    const input = proxyConfig(target, options);
    const platform = hostPlatform(options, own);
    const config = inOptions(() => {
      const parsed = parseConfig(input);
      accept(parsed, platform, explicitPaths(input));
      return parsed;
    });
    const gateway = buildGateway(config, platform, { facesClient: false });
    return (c) => answer(c, gateway, platform);
  };
