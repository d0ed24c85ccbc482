/**
 * Fairlead on Cloudflare Workers: `fairlead/workers`.
 *
 * @module
 */
export type { FailureOptions } from "../failure-log.ts";
export { platform } from "./platform.ts";
export { worker, type WorkerContext, type WorkerModule } from "./worker.ts";
