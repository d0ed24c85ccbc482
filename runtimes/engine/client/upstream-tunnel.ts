/** The upstream's end of a tunnel. */
import { Buffer } from "node:buffer";
import type { Attempt } from "../../../src/core/exchange.ts";
import type { TunnelReply } from "../../../src/core/reply.ts";
import type { ResponseHead } from "../../../src/http1/response-head.ts";
import { TunnelEnd } from "../tunnel-end.ts";
import type { AttemptRecord } from "./attempt-record.ts";
import type { Connection } from "./connection.ts";
import { tunnelLost } from "./failures.ts";

/** Why a 101 does not answer a request to switch to `asked` (RFC 9110 §7.8); undefined where it does. */
export const switchProblem = (
  { version, notes }: ResponseHead,
  asked: string | undefined,
): string | undefined => {
  if (asked === undefined) return "it switched protocols without being asked to (RFC 9110 §7.8)";
  const isMatching = notes.connectionUpgrade && notes.upgrade?.toLowerCase() === asked.toLowerCase();
  return version === "1.1" && isMatching
    ? undefined
    : "it switched to another protocol than it was asked for (RFC 9110 §7.8)";
};

export interface SwitchedConnection {
  readonly connection: Connection;
  /** What came behind the head; valid until the call returns. */
  readonly rest: Uint8Array;
  readonly attempt: Attempt;
  /** Settled with the tunnel's end. */
  readonly record: AttemptRecord;
}

/** The reply for a 101 without a problem. The connection's socket belongs to the tunnel from here on. */
export const tunnelReply = (
  { notes, fields }: ResponseHead,
  { connection, rest, attempt, record }: SwitchedConnection,
): TunnelReply => {
  const end = new TunnelEnd({
    socket: connection.detach(),
    early: Buffer.from(rest),
    lost: (cause) => tunnelLost(attempt.endpoint, cause),
    closed: (error) => {
      record.bytesSent = end.bytesSent;
      record.bytesReceived = end.bytesReceived;
      record.settle(error);
    },
  });
  return {
    kind: "tunnel",
    protocol: notes.upgrade ?? "",
    fields,
    tunnel: {
      kind: "bytes",
      fromUpstream: end,
      idleMs: attempt.timeouts.tunnelIdleMs,
      open: (fromClient) => end.send(fromClient),
    },
  };
};
