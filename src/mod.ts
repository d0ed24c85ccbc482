/** Fairlead's public names. */
export { defineConfig, parseConfig, readConfig, type ReadConfig } from "./config/parse.ts";
export type { ShownConfig } from "./config/shown-config.ts";
export { ConfigError, type ConfigProblem } from "./config/config-error.ts";
export type * from "./config/types.ts";
export type { PathMatch, ValueMatch } from "./routing/match.ts";
export { CAPABILITIES, type Capability } from "./core/capability.ts";
export {
  ERROR_KINDS,
  type ErrorCode,
  type ErrorKind,
  type Fault,
  ProxyError,
  type ProxyErrorOptions,
} from "./core/errors.ts";
export type { Platform } from "./core/platform.ts";
export type { ExchangeReport, FailureReport, UpstreamEvent } from "./core/telemetry.ts";
