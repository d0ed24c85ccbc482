/** The platform of Node, Deno and Bun: upstreams over sockets, or by the runtime's `fetch` where an upstream says so. */
import type { Platform } from "../../src/core/platform.ts";
import { type FailureOptions, failureTelemetry } from "../failure-log.ts";
import { webRandom } from "../fetch/random.ts";
import { type FetchTransportOptions, fetchTransport } from "../fetch/transport.ts";
import { inspectTls } from "../inspect-tls.ts";
import { type PlatformParts, createPlatform } from "../platform.ts";
import { ENGINE_CAPABILITIES } from "./capabilities.ts";
import { engineTransport } from "./client/transport.ts";
import { engineClock } from "./clock.ts";
import { writeToStderr } from "./stderr.ts";

/** What really differs between the runtimes. */
export interface EngineParts extends Pick<PlatformParts, "name" | "server"> {
  readonly fetch?: Omit<FetchTransportOptions, "clock"> | undefined;
}

/** A platform of its own: its upstream connections are shared with no other. */
export const enginePlatform = (parts: EngineParts, options: FailureOptions): Platform => {
  const clock = engineClock();
  return createPlatform({
    name: parts.name,
    capabilities: ENGINE_CAPABILITIES,
    clock,
    random: webRandom(),
    transport: engineTransport({ clock }),
    fetchTransport: fetchTransport({ ...parts.fetch, clock }),
    telemetry: failureTelemetry(options, clock, writeToStderr),
    inspectTls: (texts) => inspectTls(texts, clock.epoch()),
    server: parts.server,
  });
};
