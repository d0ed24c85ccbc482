/** Sends a request through the real gateway, with a transport that records instead of sending. */
import { ManualClock, seededRandom } from "../runtimes/memory/mod.ts";
import type { Config } from "../src/config/types.ts";
import { CAPABILITIES, type Capability } from "../src/core/capability.ts";
import type { Arrival, RequestHead } from "../src/core/arrival.ts";
import { NO_BODY } from "../src/core/body.ts";
import { NEVER_CANCELLED } from "../src/core/cancellation.ts";
import type { Attempt } from "../src/core/exchange.ts";
import type { Platform, Transport } from "../src/core/platform.ts";
import { type Answer, type Gateway, buildGateway } from "../src/gateway.ts";

/** What became of the request. */
export interface Trace {
  readonly head: RequestHead;
  readonly gateway: Gateway;
  /** What would be sent; undefined where nothing would. */
  readonly attempt: Attempt | undefined;
  /** With the proxy's own reply, or an upstream's bare 200. */
  readonly answer: Answer;
}

/** Traces the request `head` from the client at `address`. */
export const traceRequest = async (config: Config, head: RequestHead, address: string): Promise<Trace> => {
  let attempt: Attempt | undefined;
  const transport: Transport = {
    send: async (sent) => {
      attempt = sent;
      return { kind: "http", status: 200, fields: [], body: NO_BODY };
    },
    close: async () => {},
  };
  const gateway = buildGateway(config, explaining(transport));
  const answer = await gateway.answer(arrivalOf(head, address));
  return { head, gateway, attempt, answer };
};

const explaining = (transport: Transport): Platform => ({
  name: "explain",
  capabilities: new Set(Object.keys(CAPABILITIES) as Capability[]),
  clock: new ManualClock(),
  random: seededRandom(),
  transport,
  fetchTransport: transport,
  telemetry: {},
  sign: async () => "",
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
  cancellation: NEVER_CANCELLED,
  request: undefined,
  interim: () => {},
});

const UNREAD = { start: () => {}, resume: () => {}, cancel: () => {} };
