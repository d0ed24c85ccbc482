/**
 * Fairlead on Cloudflare Workers: `fairlead/workers`.
 *
 * @module
 */
export type { FailureOptions } from "../../src/observe/failure-options.ts";
export { platform } from "./platform.ts";
export { worker, type WorkerContext, type WorkerModule } from "./worker.ts";
