/**
 * Fairlead on Cloudflare Workers: `fairlead/workers`.
 *
 * @module
 */
export { WORKERS_CAPABILITIES } from "./capabilities.ts";
export { platform, type WorkersPlatformOptions } from "./platform.ts";
export { worker, type WorkerContext, type WorkerModule } from "./worker.ts";
