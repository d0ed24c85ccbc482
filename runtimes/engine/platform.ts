/** The platform of Node, Deno and Bun: upstreams over sockets, or by the runtime's `fetch` where an upstream says so. */
import type { Capability } from "../../src/core/capability.ts";
import type { Platform } from "../../src/core/platform.ts";
import type { TlsFault, TlsTexts } from "../../src/core/tls-inspection.ts";
import { type FailureOptions, telemetryFor } from "../../src/observe/failure-options.ts";
import { webRandom } from "../fetch/random.ts";
import { type FetchTransportOptions, fetchTransport } from "../fetch/transport.ts";
import { inspectTls } from "../inspect-tls.ts";
import { SIGNAL_PATIENCE_MS } from "../../src/web/client-left.ts";
import { standardPost } from "../../middleware/web-standard.ts";
import { type PlatformParts, createPlatform } from "../platform.ts";
import { ENGINE_CAPABILITIES } from "./capabilities.ts";
import { engineTransport } from "./client/transport.ts";
import { engineClock } from "./clock.ts";
import { engineDiagnostics } from "./diagnostics/diagnostics.ts";
import { engineDiscover } from "./discovery/discover.ts";
import { tcpProbe } from "./discovery/tcp-probe.ts";
import { engineLogOutputs } from "./log/log-outputs.ts";
import type { SocketStream } from "./log/stream-device.ts";

/** What really differs between the runtimes. */
export interface EngineParts extends Pick<PlatformParts, "name" | "server"> {
  /** @default everything */
  readonly capabilities?: ReadonlySet<Capability> | undefined;
  /** Writes logs where standard output or error is a socket. @default the process's own stream */
  readonly logSocket?: SocketStream | undefined;
  readonly fetch?: Omit<FetchTransportOptions, "clock"> | undefined;
  /** A look at certificates and keys, at a time in milliseconds since 1970. @default `inspectTls` */
  readonly inspectTls?: ((texts: TlsTexts, now: number) => readonly TlsFault[]) | undefined;
}

/** A platform of its own: its upstream connections are shared with no other. */
export const enginePlatform = (parts: EngineParts, options: FailureOptions): Platform => {
  const clock = engineClock();
  const { inspectTls: inspect = inspectTls, capabilities = ENGINE_CAPABILITIES } = parts;
  const random = webRandom();
  const transport = engineTransport({ clock, pacesTls: !capabilities.has("tls-pause") });
  return createPlatform({
    name: parts.name,
    capabilities,
    clock,
    random,
    transport,
    fetchTransport: fetchTransport({ ...parts.fetch, clock }),
    telemetry: telemetryFor(options),
    logs: engineLogOutputs(clock, parts.logSocket),
    discover: engineDiscover({ clock, random, transport }),
    tcpProbe: tcpProbe(clock),
    diagnostics: engineDiagnostics(),
    post: standardPost,
    inspectTls: (texts) => inspect(texts, clock.epoch()),
    server: { ...parts.server, signalPatience: { clock, ms: SIGNAL_PATIENCE_MS } },
  });
};
