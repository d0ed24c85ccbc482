/**
 * Fairlead wherever there is `fetch`: `fairlead/fetch`, and what `fairlead` is on runtimes without an entry of their own.
 *
 * @module
 */
import { type Bound, bind } from "../bind.ts";
import { platform } from "./platform.ts";

export * from "../library.ts";
export type { FailureOptions } from "../../src/observe/failure-options.ts";
export type { FetchPlatformOptions } from "./platform.ts";
export { fetchTransport, type FetchTransportOptions } from "./transport.ts";
export { platform };

const bound: Bound = bind(() => platform());

/** A whole gateway as a Hono app. */
export const gateway: Bound["gateway"] = bound.gateway;

/** One upstream as a Hono handler. */
export const proxyTo: Bound["proxyTo"] = bound.proxyTo;
