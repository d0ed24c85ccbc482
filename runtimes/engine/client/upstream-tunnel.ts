/** The upstream's end of a tunnel. */
import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { ByteSource } from "../../../src/core/body.ts";
import type { Endpoint } from "../../../src/core/endpoint.ts";
import type { ByteTunnel } from "../../../src/core/reply.ts";
import { TunnelEnd } from "../tunnel-end.ts";
import type { AttemptRecord } from "./attempt-record.ts";
import { tunnelLost } from "./failures.ts";

export interface UpstreamTunnelOptions {
  readonly socket: Socket;
  /** What came behind the head. */
  readonly early: Buffer;
  readonly endpoint: Endpoint;
  /** Settled with the tunnel's end. */
  readonly record: AttemptRecord;
  readonly idleMs: number;
}

export const upstreamTunnel = ({
  socket,
  early,
  endpoint,
  record,
  idleMs,
}: UpstreamTunnelOptions): ByteTunnel => {
  const end = new TunnelEnd({
    socket,
    early,
    lost: (cause) => tunnelLost(endpoint, cause),
    closed: (error) => {
      record.bytesSent = end.bytesSent;
      record.bytesReceived = end.bytesReceived;
      record.settle(error);
    },
  });
  return { kind: "bytes", fromUpstream: end, idleMs, open: (fromClient: ByteSource) => end.send(fromClient) };
};
