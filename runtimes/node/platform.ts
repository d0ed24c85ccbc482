/** Node as a platform. */
import type { FailureReport, Platform } from "../../src/core/platform.ts";
import { nodeArrival } from "./arrival.ts";
import { NODE_CAPABILITIES } from "./capabilities.ts";
import { nodeClock } from "./clock.ts";
import { nodeRandom } from "./random.ts";
import { inspectTls } from "../inspect-tls.ts";
import { telemetryOf } from "../stderr-telemetry.ts";
import { nodeTransport } from "./transport.ts";

export interface NodePlatformOptions {
  /** Told of every failed exchange, instead of a line on standard error. MUST NOT throw. */
  onFailure?(report: FailureReport): void;
}

/** A platform of its own: its upstream connections are shared with no other. */
export const platform = (options: NodePlatformOptions = {}): Platform => ({
  name: "node",
  capabilities: NODE_CAPABILITIES,
  clock: nodeClock,
  random: nodeRandom(),
  transport: nodeTransport(),
  telemetry: telemetryOf(options),
  inspectTls: (texts) => inspectTls(texts, Date.now()),
  arrive: nodeArrival,
});
