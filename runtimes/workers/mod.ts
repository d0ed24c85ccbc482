/**
 * Fairlead on Cloudflare Workers: `fairlead/workers`.
 *
 * @module
 */
export { WORKERS_CAPABILITIES } from "./capabilities.ts";
export type { FailureOptions } from "../failure-log.ts";
export { platform } from "./platform.ts";
export { worker, type WorkerContext, type WorkerModule } from "./worker.ts";
