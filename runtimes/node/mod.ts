/**
 * Fairlead on Node.js: `fairlead/node`.
 *
 * @module
 */
export { platform, type NodePlatformOptions } from "./platform.ts";
export { serve } from "./serve.ts";
export { ServeError, type ServeOptions, type Serving } from "../serving.ts";
