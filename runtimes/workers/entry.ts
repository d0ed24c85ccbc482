/**
 * Fairlead as a library, on Workers and wherever else there is `fetch`: `import { gateway, proxyTo } from "fairlead"`.
 *
 * @module
 */
import { type Bound, bind } from "../bind.ts";
import { platform } from "./platform.ts";

export * from "../library.ts";

const bound: Bound = bind(platform);

/** A whole gateway as a Hono app. */
export const gateway: Bound["gateway"] = bound.gateway;

/** One upstream as a Hono handler. */
export const proxyTo: Bound["proxyTo"] = bound.proxyTo;
