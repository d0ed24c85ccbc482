/** Sends a request through the real gateway, with a transport that records instead of sending. */
import type { Arrival, RequestHead } from "../src/core/arrival.ts";
import { NO_BODY } from "../src/core/body.ts";
import { NEVER_CANCELLED } from "../src/core/cancellation.ts";
import type { Config } from "../src/config/types.ts";
import type { Attempt } from "../src/core/exchange.ts";
import type { Platform, Transport } from "../src/core/platform.ts";
import { type Answer, type Gateway, buildGateway } from "../src/gateway.ts";
import type { EndpointRegistry } from "../src/upstream/registry.ts";

/** What became of the request. */
export interface Trace {
  readonly head: RequestHead;
  readonly gateway: Gateway;
  /** What would be sent; undefined where nothing would. */
  readonly attempt: Attempt | undefined;
  /** With the proxy's own reply, or an upstream's bare 200. */
  readonly answer: Answer;
}

export interface TraceOptions {
  /** Address of the client. */
  readonly from: string;
  /** Its transports and telemetry are not used. */
  readonly platform: Omit<Platform, "transport" | "fetchTransport">;
  /** @default a new one */
  readonly registry?: EndpointRegistry | undefined;
  /** Called before the request is sent. */
  readonly prepare?: ((gateway: Gateway) => void) | undefined;
}

/** Traces the request `head` through a gateway of its own. */
export const traceRequest = async (
  config: Config,
  head: RequestHead,
  { from, platform, registry, prepare }: TraceOptions,
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
  const quiet = { telemetry: {}, logs: undefined, post: undefined, discover: undefined };
  const recording: Platform = { ...platform, ...quiet, transport, fetchTransport: transport };
  const gateway = buildGateway(config, recording, { registry });
  prepare?.(gateway);
  const answer = await gateway.answer(arrival);
  return { head, gateway, attempt, answer };
};

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
