/**
 * Fairlead as a library, on Node: `import { gateway, proxyTo } from "fairlead"`.
 *
 * @module
 */
import { type Bound, bind } from "../bind.ts";
import { platform } from "./platform.ts";

export * from "../../middleware/mod.ts";
export * from "../../src/mod.ts";
export type { GatewayOptions } from "../../handlers/gateway.ts";
export type { HostOptions } from "../../handlers/host-options.ts";
export type { ProxyTo } from "../../handlers/proxy.ts";
export type { ProxyOptions, ProxyRewrite, ProxyTarget, ProxyTimeouts } from "../../handlers/proxy-options.ts";
export type { GatewayOf } from "../bind.ts";

const bound: Bound = bind(platform);

/** A whole gateway as a Hono app. */
export const gateway: Bound["gateway"] = bound.gateway;

/** One upstream as a Hono handler. */
export const proxyTo: Bound["proxyTo"] = bound.proxyTo;
