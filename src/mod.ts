/** Fairlead's public names. */
export { defineConfig, parseConfig } from "./config/parse.ts";
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
export type { ArrivedBody, Arrival, Peer, RequestHead } from "./core/arrival.ts";
export type { Balancer, Eligible } from "./core/balancer.ts";
export type { Cancellation } from "./core/cancellation.ts";
export type { AttemptTimeouts, Endpoint, EndpointPool, EndpointTls } from "./core/endpoint.ts";
export type { Attempt, ClientInfo, Exchange } from "./core/exchange.ts";
export type { Lifecycle } from "./core/lifecycle.ts";
export type {
  Cancel,
  Clock,
  FailureReport,
  Platform,
  Random,
  Telemetry,
  Transport,
} from "./core/platform.ts";
export type { HeaderEdits, HeaderPairs } from "./http/header-edits.ts";
export { type Layer, type Service, stack } from "./core/service.ts";
