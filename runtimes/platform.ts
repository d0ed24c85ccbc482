/** A platform from its parts. */
import type { Capability } from "../src/core/capability.ts";
import type { FindDiagnostics } from "../src/core/diagnostics.ts";
import type { Clock, Platform, Random, Transport } from "../src/core/platform.ts";
import type { Discover } from "../src/core/endpoint-source.ts";
import type { LogOutputs } from "../src/core/log-output.ts";
import type { SendPost } from "../src/core/post.ts";
import type { Probe } from "../src/core/probe.ts";
import type { Telemetry } from "../src/core/telemetry.ts";
import type { InspectTls } from "../src/core/tls-inspection.ts";
import { type ArrivalOptions, arrivals } from "../src/web/arrival.ts";
import { type ResponseOptions, responseOf } from "../src/web/response.ts";
import { hmac } from "./hmac.ts";

/** What a platform is made of. */
export interface PlatformParts {
  readonly name: string;
  readonly capabilities: ReadonlySet<Capability>;
  readonly clock: Clock;
  readonly random: Random;
  readonly transport: Transport;
  /** For upstreams with `transport: "fetch"`. @default none can be had */
  readonly fetchTransport?: Transport | undefined;
  /** @default nothing is reported */
  readonly telemetry?: Telemetry | undefined;
  /** @default nothing is logged */
  readonly logs?: LogOutputs | undefined;
  readonly inspectTls?: InspectTls | undefined;
  /** @default nothing is discovered */
  readonly discover?: Discover | undefined;
  /** @default nothing is sent */
  readonly post?: SendPost | undefined;
  /** @default none */
  readonly tcpProbe?: Probe | undefined;
  /** @default none */
  readonly diagnostics?: FindDiagnostics | undefined;
  /** @default false */
  readonly abandonsRequests?: boolean | undefined;
  /** How Web requests and responses are handed over by the server that the app runs on. */
  readonly server?: (ArrivalOptions & ResponseOptions) | undefined;
}

/** Only its clock, randomness and transports do anything; nothing of it starts before it is used. */
export const createPlatform = (parts: PlatformParts): Platform => {
  const { name, capabilities, clock, random, transport, fetchTransport, telemetry = {}, server = {} } = parts;
  return {
    name,
    capabilities,
    clock,
    random,
    transport,
    fetchTransport,
    telemetry,
    logs: parts.logs,
    inspectTls: parts.inspectTls,
    discover: parts.discover,
    post: parts.post,
    tcpProbe: parts.tcpProbe,
    diagnostics: parts.diagnostics,
    abandonsRequests: parts.abandonsRequests,
    sign: hmac,
    arrive: arrivals(server),
    respond: (reply, to) => responseOf(reply, to, server),
  };
};
