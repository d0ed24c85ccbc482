/**
 * Fairlead on Deno: `fairlead/deno`.
 *
 * @module
 */
export { DENO_CAPABILITIES } from "./capabilities.ts";
export { platform, type DenoPlatformOptions } from "./platform.ts";
export { serve } from "./serve.ts";
export { ServeError, type ServeOptions, type Serving } from "../serving.ts";
