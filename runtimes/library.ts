/** What the library exports on every runtime alike, beside what is bound to one: `gateway` and `proxyTo`. */
export * from "../middleware/mod.ts";
export * from "../src/mod.ts";
export type { GatewayOptions } from "../handlers/gateway.ts";
export type { HostOptions } from "../handlers/host-options.ts";
export type { ProxyTo } from "../handlers/proxy.ts";
export type { ProxyOptions, ProxyRewrite, ProxyTarget, ProxyTimeouts } from "../handlers/proxy-options.ts";
export type { GatewayOf } from "./bind.ts";
