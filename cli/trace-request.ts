/** Sends a request through the real gateway, with a transport that records instead of sending. */
import { hmac } from "../runtimes/hmac.ts";
import { ManualClock, seededRandom } from "../runtimes/memory/mod.ts";
import type { Config } from "../src/config/types.ts";
import { CAPABILITIES, type Capability } from "../src/core/capability.ts";
import type { Arrival, RequestHead } from "../src/core/arrival.ts";
import { NO_BODY } from "../src/core/body.ts";
import { NEVER_CANCELLED } from "../src/core/cancellation.ts";
import type { Attempt } from "../src/core/exchange.ts";
import type { Platform, Transport } from "../src/core/platform.ts";
import { type Answer, type Gateway, buildGateway } from "../src/gateway.ts";
import type { Unreachable } from "./reachability.ts";

/** What became of the request. */
export interface Trace {
  readonly head: RequestHead;
  readonly gateway: Gateway;
  /** What would be sent; undefined where nothing would. */
  readonly attempt: Attempt | undefined;
  /** With the proxy's own reply, or an upstream's bare 200. */
  readonly answer: Answer;
  /** Why endpoints are down, by their keys. */
  readonly down: ReadonlyMap<string, string>;
}

export interface TraceOptions {
  /** Address of the client. */
  readonly from: string;
  /** Endpoints that do not answer, while all others do. @default not known of any */
  readonly down?: readonly Unreachable[];
}

/** Traces the request `head`. */
export const traceRequest = async (
  config: Config,
  head: RequestHead,
  { from, down }: TraceOptions,
): Promise<Trace> => {
  let attempt: Attempt | undefined;
  const arrival = arrivalOf(head, from);
  const transport: Transport = {
    send: async (sent) => {
      // A copy for a mirror has an arrival of its own.
      if (sent.exchange.arrival === arrival) attempt = sent;
      return { kind: "http", status: 200, fields: [], body: NO_BODY };
    },
    close: async () => {},
  };
  const gateway = buildGateway(config, explaining(transport));
  const reasons = down === undefined ? NOTHING_DOWN : markHealth(gateway, config, down);
  const answer = await gateway.answer(arrival);
  return { head, gateway, attempt, answer, down: reasons };
};

const NOTHING_DOWN: ReadonlyMap<string, string> = new Map();

/** As health checks would. */
const markHealth = (
  { plan }: Gateway,
  { upstreams }: Config,
  down: readonly Unreachable[],
): ReadonlyMap<string, string> => {
  const reasons = new Map<string, string>();
  for (const upstream of plan.upstreams.values()) {
    for (const { state } of upstream.set.members) state.health = { isUp: true };
  }
  for (const { name, url, reason } of down) {
    const index = upstreams[name]?.endpoints.findIndex((endpoint) => endpoint.url === url) ?? -1;
    const member = plan.upstreams.get(name)?.set.members[index];
    if (member === undefined) continue;
    member.state.health = { isUp: false };
    reasons.set(member.endpoint.key, reason);
  }
  return reasons;
};

const explaining = (transport: Transport): Platform => ({
  name: "explain",
  capabilities: new Set(Object.keys(CAPABILITIES) as Capability[]),
  clock: new ManualClock(),
  random: seededRandom(),
  transport,
  fetchTransport: transport,
  telemetry: {},
  sign: hmac,
  arrive: () => {
    throw new TypeError("explain takes no Web requests");
  },
  respond: () => {
    throw new TypeError("explain makes no Web responses");
  },
});

/** With a body of the length that `head` announces, which nothing reads. */
const arrivalOf = (head: RequestHead, address: string): Arrival => ({
  ...head,
  body:
    head.notes.chunked || (head.notes.contentLength ?? 0) > 0
      ? { kind: "stream", length: head.notes.contentLength, source: UNREAD }
      : NO_BODY,
  peer: { address, port: undefined },
  localPort: undefined,
  switchesTo: "bytes",
  cancellation: NEVER_CANCELLED,
  request: undefined,
  interim: () => {},
});

const UNREAD = { start: () => {}, resume: () => {}, cancel: () => {} };
