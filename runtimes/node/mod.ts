/**
 * Fairlead on Node.js: `fairlead/node`.
 *
 * @module
 */
import type { Config } from "../../src/config/types.ts";
import { serveConfig, threadEntry } from "../engine/serve-config.ts";
import type { ServeOptions, Serving } from "../serving.ts";
import { platform } from "./platform.ts";

export type { FailureOptions } from "../../src/observe/failure-options.ts";
export { type PreparedConfig, ServeError, type ServeOptions, type Serving } from "../serving.ts";
export { platform };

/**
 * Serves `config`. Resolves once connections are accepted. Installs no signal handlers.
 *
 * @throws ConfigError when the config names certificates that can't be used; ServeError when the address can't be had.
 */
export const serve = (config: Config, options: ServeOptions = {}): Promise<Serving> =>
  serveConfig(config, platform(options), options, threadEntry(import.meta.url, "./thread"));
