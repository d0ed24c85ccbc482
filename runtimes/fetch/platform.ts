/** Any runtime with `fetch` as a platform. */
import type { Platform } from "../../src/core/platform.ts";
import { SIGNAL_PATIENCE_MS } from "../../src/web/client-left.ts";
import { type FailureOptions, telemetryFor } from "../../src/observe/failure-options.ts";
import { consoleOutputs } from "../console-outputs.ts";
import { standardClock, standardPost } from "../../middleware/web-standard.ts";
import { createPlatform } from "../platform.ts";
import { webRandom } from "./random.ts";
import { type FetchTransportOptions, fetchTransport } from "./transport.ts";

export interface FetchPlatformOptions extends FailureOptions, Omit<FetchTransportOptions, "clock"> {}

/**
 * A platform over the global `fetch`, without anything that is particular to a runtime. It believes no field that tells a
 * client's address: off Cloudflare, anybody can send `CF-Connecting-IP`.
 */
export const platform = ({ onFailure, onUpstreamEvent, ...options }: FetchPlatformOptions = {}): Platform => {
  const transport = fetchTransport({ ...options, clock: standardClock });
  const { values, passesThrough } = options;
  return createPlatform({
    name: "fetch",
    capabilities: new Set(),
    clock: standardClock,
    random: webRandom(),
    transport,
    fetchTransport: transport,
    telemetry: telemetryFor({ onFailure, onUpstreamEvent }),
    logs: consoleOutputs(),
    post: standardPost,
    server: { values, passesThrough, signalPatience: { clock: standardClock, ms: SIGNAL_PATIENCE_MS } },
  });
};
