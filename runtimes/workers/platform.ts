/** Cloudflare Workers as a platform. */
import type { Arrival, Peer } from "../../src/core/arrival.ts";
import { type Cancellation, NEVER_CANCELLED } from "../../src/core/cancellation.ts";
import type { Clock, FailureReport, Platform } from "../../src/core/platform.ts";
import { UNKNOWN_PEER, peerOf } from "../../src/core/peer.ts";
import { FetchArrival } from "../fetch/arrival.ts";
import { webRandom } from "../fetch/random.ts";
import { telemetryOf } from "../stderr-telemetry.ts";
import { WORKERS_CAPABILITIES } from "./capabilities.ts";
import { workersTransport } from "./transport.ts";
import { pairsAsReceived } from "./wire-fields.ts";

export interface WorkersPlatformOptions {
  /** Told of every failed exchange, instead of a line by `console.error`. MUST NOT throw. */
  onFailure?(report: FailureReport): void;
}

/** workerd run by itself tells the socket's other end as `address:port`. At Cloudflare's edge there is no such property. */
const peerOnSocket = (request: Request & { cf?: { readonly clientIp?: unknown } }): Peer | undefined => {
  const ip = request.cf?.clientIp;
  if (typeof ip !== "string") return undefined;
  const colon = ip.lastIndexOf(":");
  return peerOf(ip.slice(0, colon).replace(/^\[|\]$/g, ""), Number(ip.slice(colon + 1)));
};

/** Cloudflare's edge sets it and lets no client's through. It means nothing on any other runtime. */
const CLIENT_ADDRESS = "cf-connecting-ip";

const peerOfEdge = (request: Request): Peer => {
  const address = request.headers.get(CLIENT_ADDRESS);
  return address === null ? UNKNOWN_PEER : peerOf(address, undefined);
};

class WorkersArrival extends FetchArrival {
  #pairs: readonly string[] | undefined;

  override get pairs(): readonly string[] {
    return (this.#pairs ??= pairsAsReceived(super.pairs));
  }
  protected override readPeer(): Peer {
    return peerOnSocket(this.request) ?? peerOfEdge(this.request);
  }
  /** When the client leaves, the whole invocation ends, its upstream requests included. */
  protected override makeCancellation(): Cancellation {
    return NEVER_CANCELLED;
  }
}

const arrive = (request: Request): Arrival => new WorkersArrival(request);

/** A timer belongs to the request that set it, so none is shared between requests. */
const clock: Clock = {
  now: () => performance.now(),
  epoch: () => Date.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
};

/** A platform of its own. Nothing starts before the first request. */
export const platform = (options: WorkersPlatformOptions = {}): Platform => ({
  name: "workers",
  capabilities: WORKERS_CAPABILITIES,
  clock,
  random: webRandom(),
  transport: workersTransport(clock),
  telemetry: telemetryOf(options, (line) => console.error(line)),
  arrive,
});
