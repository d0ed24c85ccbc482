/** The request as middleware sees it, and as a handler behind it receives it. */
import type { Context } from "hono";
import type { GetConnInfo } from "hono/conninfo";
import type { Arrival, Peer } from "../src/core/arrival.ts";
import { webArrival } from "../src/core/web-arrival.ts";
import { normaliseAddress } from "../src/http/address.ts";
import { type Shared, sharedOf } from "./context.ts";
import { type CurbedRequest, type Curbs, curbRequest } from "./curbed-request.ts";

/** What policies look at besides the content. */
export type Visit = Pick<Arrival, "head" | "peer">;

/** The request in `c.req.raw`. Who sent it is not known. */
export const arrivalOf = (c: Context): Arrival => {
  const shared = sharedOf(c);
  const { raw } = c.req;
  if (shared.seen?.request !== raw) shared.seen = webArrival(raw);
  return shared.seen;
};

/** The request in `c.req.raw` and who sent it, which is asked for only when it matters. */
export const visitOf = (c: Context, getConnInfo: GetConnInfo | undefined): Visit => {
  const arrival = arrivalOf(c);
  if (getConnInfo === undefined) return arrival;
  return {
    head: arrival.head,
    get peer() {
      return peerOf(c, getConnInfo);
    },
  };
};

const peerOf = (c: Context, getConnInfo: GetConnInfo): Peer => {
  const { raw } = c.req;
  // Bun knows the connection of the request that it handed over, and of no copy.
  c.req.raw = sharedOf(c).original;
  try {
    const { address = "", port } = getConnInfo(c).remote;
    return { address: normaliseAddress(address) ?? address, port };
  } finally {
    c.req.raw = raw;
  }
};

/** What was held back of `raw`, if that is what validation put there, and its content is still to be had. */
const curbedAs = ({ curbed }: Shared, raw: Request): CurbedRequest | undefined =>
  curbed?.request === raw && curbed.untouched() ? curbed : undefined;

/** Holds back `curbs` of `c.req.raw` from everything that follows, besides what was held back before. */
export const curb = (c: Context, curbs: Curbs, hasContent: boolean): CurbedRequest => {
  const shared = sharedOf(c);
  const before = curbedAs(shared, c.req.raw);
  const both: Curbs = {
    drop: [...(before?.drop ?? []), ...curbs.drop],
    maxBodyBytes: Math.min(before?.maxBodyBytes ?? Number.POSITIVE_INFINITY, curbs.maxBodyBytes),
  };
  const curbed = curbRequest(before?.source ?? c.req.raw, both, hasContent);
  shared.curbed = curbed;
  c.req.raw = curbed.request;
  return curbed;
};

/** A request as a handler is to take it. */
export interface Received {
  readonly arrival: Arrival;
  /** What the handler has to hold back of it. */
  readonly curbs: Curbs | undefined;
}

/**
 * The request for a handler behind middleware, where `read` knows more than the Web `Request` tells: the very one that
 * the server handed over, with what validation wants held back. What the app put into `c.req.raw` itself is
 * taken from there; the connection stays the server's.
 */
export const receive = (shared: Shared, raw: Request, read: (request: Request) => Arrival): Received => {
  const curbs = curbedAs(shared, raw);
  const request = curbs?.source ?? raw;
  const original = read(shared.original);
  if (request === shared.original) return { arrival: original, curbs };
  const { head, body } = read(request);
  const { peer, cancellation, connection } = original;
  return { arrival: { head, body, request, peer, cancellation, connection }, curbs };
};
