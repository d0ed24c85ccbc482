/** Cloudflare Workers as a platform. */
import type { Peer } from "../../src/core/arrival.ts";
import { UNKNOWN_PEER, peerOf } from "../../src/core/peer.ts";
import type { Platform } from "../../src/core/platform.ts";
import type { ServerRequest } from "../../src/web/arrival.ts";
import { type FailureOptions, telemetryFor } from "../../src/observe/failure-options.ts";
import { webRandom } from "../fetch/random.ts";
import { fetchTransport } from "../fetch/transport.ts";
import { consoleOutputs } from "../console-outputs.ts";
import { standardPost } from "../../middleware/web-standard.ts";
import { createPlatform } from "../platform.ts";
import { WORKERS_CAPABILITIES } from "./capabilities.ts";
import { workersClock } from "./clock.ts";
import { WORKERD_VALUES } from "./field-values.ts";

/** workerd run by itself tells the socket's other end as `address:port`. At Cloudflare's edge there is no such property. */
const peerOnSocket = (request: Request & { cf?: { readonly clientIp?: unknown } }): Peer | undefined => {
  const ip = request.cf?.clientIp;
  if (typeof ip !== "string") return undefined;
  const colon = ip.lastIndexOf(":");
  return peerOf(ip.slice(0, colon).replace(/^\[|\]$/g, ""), Number(ip.slice(colon + 1)));
};

/** Cloudflare's edge sets it and lets no client's through. It means nothing on any other runtime. */
const CLIENT_ADDRESS = "cf-connecting-ip";

const peerOfEdge = ({ headers }: Request): Peer => {
  const address = headers.get(CLIENT_ADDRESS);
  return address === null ? UNKNOWN_PEER : peerOf(address, undefined);
};

/** What Cloudflare's edge knows of the client's place. */
interface EdgePlace {
  readonly country?: unknown;
  readonly regionCode?: unknown;
  readonly continent?: unknown;
}

/** ISO 3166-2 and -1, and the continent: `["DE-BE", "DE", "EU"]`. */
const areasOf = ({ cf }: Request & { cf?: EdgePlace }): readonly string[] => {
  const { country, regionCode, continent } = cf ?? {};
  const areas = [
    typeof regionCode === "string" ? `${String(country)}-${regionCode}` : undefined,
    country,
    continent,
  ];
  return areas.filter((area): area is string => typeof area === "string");
};

/** Decides at the first request whether this is the edge, because reading `cf` costs a Worker as much as all header fields. */
const workersRequests = (): ((request: Request) => ServerRequest) => {
  let isEdge = false;
  const senderOf = (request: Request): Peer => {
    const peer = isEdge ? undefined : peerOnSocket(request);
    if (peer !== undefined) return peer;
    isEdge = true;
    return peerOfEdge(request);
  };
  return (request) => ({ peer: () => senderOf(request), areas: () => areasOf(request) });
};

/** Workers' own class: an identity transform that tells the length of what comes out. */
declare const FixedLengthStream: new (length: number) => TransformStream<Uint8Array, Uint8Array>;

/**
 * A platform of its own. Nothing starts before the first request.
 *
 * Bodies are left to the runtime to copy: it does so several times faster than any code in the Worker, and hands encoded
 * content on as it came. When the client leaves, the whole invocation ends, its upstream requests included.
 */
export const platform = (options: FailureOptions = {}): Platform => {
  const transport = fetchTransport({
    clock: workersClock,
    values: WORKERD_VALUES,
    keepsCodings: true,
    passesThrough: true,
    sized: (stream, length) => {
      const { readable, writable } = new FixedLengthStream(length);
      return { stream: readable, ended: stream.pipeTo(writable) };
    },
    repeatsUnanswered: true,
    webSockets: true,
  });
  return createPlatform({
    name: "workers",
    capabilities: WORKERS_CAPABILITIES,
    clock: workersClock,
    random: webRandom(),
    transport,
    fetchTransport: transport,
    abandonsRequests: true,
    telemetry: telemetryFor(options),
    logs: consoleOutputs(),
    post: standardPost,
    server: {
      server: workersRequests(),
      values: WORKERD_VALUES,
      passesThrough: true,
      signalsAbort: false,
      webSockets: true,
    },
  });
};
