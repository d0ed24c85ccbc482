/**
 * Fairlead on Bun: `fairlead/bun`.
 *
 * @module
 */
export { BUN_CAPABILITIES } from "./capabilities.ts";
export { platform, type BunPlatformOptions } from "./platform.ts";
export { serve } from "./serve.ts";
export { ServeError, type ServeOptions, type Serving } from "../serving.ts";
