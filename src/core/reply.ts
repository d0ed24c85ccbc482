/** What services return: plain data, cheap to read and to change. */
import type { HeaderPairs } from "../http/header-edits.ts";
import type { Body, ByteSource } from "./body.ts";

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
  readonly fields: HeaderPairs;
  readonly tunnel: Tunnel;
}

/** Two directions of bytes, each with its own end. */
export interface Tunnel {
  /** What the upstream sends. */
  readonly fromUpstream: ByteSource;
  /** Starts the other direction; called once, after the client was told of the switch. */
  open(fromClient: ByteSource): void;
}

/** A copy of `reply` with other fields. */
export const withFields = (
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
