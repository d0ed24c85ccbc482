/** What services return: plain data, cheap to read and to change. */
import type { HeaderPairs } from "../http/header-edits.ts";
import { type Body, type ByteSource, cancelBody } from "./body.ts";
import type { ProxyError } from "./errors.ts";

export type Reply = HttpReply | TunnelReply;

/** A final response. */
export interface HttpReply {
  readonly kind: "http";
  /** 200 to 599. */
  readonly status: number;
  /** End-to-end fields only: name, value, …; spelling and order as they came. Framing is up to whoever sends it. */
  readonly fields: HeaderPairs;
  /** Fields behind those: of this very reply, where `fields` are the same list for many. */
  readonly added?: HeaderPairs | undefined;
  readonly body: Body;
  /**
   * `Content-Length` where it says something that `body` can't: of the content that a HEAD request or a 304 leaves out.
   */
  readonly declaredLength?: number | undefined;
}

/** The upstream agreed to switch protocols: from here on bytes pass both ways (RFC 9110 §7.8). */
export interface TunnelReply {
  readonly kind: "tunnel";
  /** Value of `Upgrade`. */
  readonly protocol: string;
  /** End-to-end fields only, as those of an `HttpReply`. */
  readonly fields: HeaderPairs;
  readonly tunnel: Tunnel;
}

export type Tunnel = ByteTunnel | NativeTunnel;

/** Two directions of bytes, each with its own end. */
export interface ByteTunnel {
  readonly kind: "bytes";
  /** What the upstream sends. Cancelled where the client is not told of the switch. */
  readonly fromUpstream: ByteSource;
  /** The tunnel is closed when no byte has moved in either direction for so long; 0 is no limit. */
  readonly idleMs: number;
  /** Starts the other direction; called once, after the client was told of the switch. */
  open(fromClient: ByteSource): void;
}

/** A runtime's own WebSocket, which goes into its own `Response`. */
export interface NativeTunnel {
  readonly kind: "native";
  readonly webSocket: unknown;
}

/** Ends a tunnel that nobody will use. */
export const cancelTunnel = (tunnel: Tunnel, reason: ProxyError): void => {
  if (tunnel.kind === "bytes") tunnel.fromUpstream.cancel(reason);
};

/** A reply that nobody will send. */
export const cancelReply = (reply: Reply, reason: ProxyError): void => {
  if (reply.kind === "http") cancelBody(reply.body, reason);
  else cancelTunnel(reply.tunnel, reason);
};

/** The status of a tunnel in logs, metrics and pages. */
export const TUNNEL_STATUS = 101;

export const statusOf = (reply: Reply): number => (reply.kind === "http" ? reply.status : TUNNEL_STATUS);

/** A copy of `reply` with other `fields`. An `HttpReply` keeps what it has in `added`. */
export const withFields = (reply: Reply, fields: HeaderPairs): Reply =>
  reply.kind === "tunnel" ? { ...reply, fields } : withAddedFields(reply, fields, reply.added);

/** A copy of `reply` with other `fields` and `added`. */
export const withAddedFields = (
  reply: HttpReply,
  fields: HeaderPairs,
  added: HeaderPairs | undefined,
): HttpReply => ({
  kind: "http",
  status: reply.status,
  fields,
  added,
  body: reply.body,
  declaredLength: reply.declaredLength,
});
