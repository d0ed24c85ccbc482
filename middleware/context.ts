/** What Fairlead's middleware and handlers leave for one another on Hono's context. The request itself stays as it is. */
import type { Context } from "hono";
import type { GetConnInfo } from "hono/conninfo";
import type { Peer } from "../src/core/arrival.ts";
import type { Surroundings } from "../src/gateway.ts";
import { normaliseAddress } from "../src/http/address.ts";
import { type FetchArrival, arrivals } from "../src/web/arrival.ts";

/** The id of a request that middleware has given it. */
export type KnownId = NonNullable<Surroundings["id"]>;

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

interface Shared {
  /** The request as the first of this middleware found it: runtimes know the connection of this one, of no copy. */
  readonly original: Request;
  /** What the current `c.req.raw` says. */
  seen: FetchArrival | undefined;
  readonly left: Writable<Surroundings>;
  /** Edits of the response that middleware around makes, outermost first. */
  readonly edits: EditHeaders[];
}

/** Changes response fields in place; twice is as good as once. */
export type EditHeaders = (headers: Headers) => void;

type SharedEnv = { Variables: { fairlead?: Shared; requestId?: unknown } };

const findShared = (context: Context): Shared | undefined => (context as Context<SharedEnv>).get("fairlead");

const sharedOf = (context: Context): Shared => {
  const found = findShared(context);
  if (found !== undefined) return found;
  const created: Shared = { original: context.req.raw, seen: undefined, left: {}, edits: [] };
  (context as Context<SharedEnv>).set("fairlead", created);
  return created;
};

/** Some server is there, of which only handlers know more. */
const arrive = arrivals({ server: () => ({}), urlTellsAuthority: true });

/** The request in `c.req.raw`. Who sent it is not known. */
export const arrivalOf = (c: Context): FetchArrival => {
  const shared = sharedOf(c);
  const { raw } = c.req;
  if (shared.seen?.request !== raw) shared.seen = arrive(raw, undefined);
  return shared.seen;
};

/** Who sent the request, by the adapter's `getConnInfo`. */
export const peerOf = (c: Context, getConnInfo: GetConnInfo): Peer => {
  const { raw } = c.req;
  // Some runtimes know the connection of the request that they handed over, and of no copy.
  c.req.raw = sharedOf(c).original;
  try {
    const { address = "", port } = getConnInfo(c).remote;
    return { address: normaliseAddress(address) ?? address, port };
  } finally {
    c.req.raw = raw;
  }
};

/** Whether the other end of the connection is a trusted proxy; asked only where it matters. */
export const isTrustedPeer = (c: Context, { trustedPeer, getConnInfo }: TrustOptions): boolean =>
  trustedPeer !== undefined && getConnInfo !== undefined && trustedPeer(peerOf(c, getConnInfo).address);

export interface TrustOptions {
  /** Whether the peer with this address is a trusted proxy, whose fields are believed. Needs `getConnInfo`. @default nobody is */
  readonly trustedPeer?: ((address: string) => boolean) | undefined;
  /**
   * Tells a connection's other end: the function of this name in Hono's adapter for your runtime
   * (`hono/bun`, `hono/deno`, `hono/cloudflare-workers`, `@hono/node-server/conninfo`).
   */
  readonly getConnInfo?: GetConnInfo | undefined;
}

/** An id that other middleware made is passed on if it is harmless. */
const HARMLESS = /^[\w.~=-]{1,255}$/;
const CONVENTIONAL: readonly string[] = Object.freeze(["x-request-id"]);

/** The id that `requestId` gave the request, or else what stands in Hono's own variable `requestId`. */
export const knownIdOf = (context: Context): KnownId | undefined => {
  const known = findShared(context)?.left.id;
  if (known !== undefined) return known;
  const id = (context as Context<SharedEnv>).get("requestId");
  return typeof id === "string" && HARMLESS.test(id) ? { id, fields: CONVENTIONAL } : undefined;
};

/** Gives the request its id, with one more field that carries it. */
export const setRequestId = (context: Context, id: string, header: string): void => {
  const { left } = sharedOf(context);
  left.id = { id, fields: [...(left.id?.fields ?? []), header] };
  (context as Context<SharedEnv>).set("requestId", id);
};

/** Keeps fields from upstreams, and bounds what they get of the content. */
export const leaveRestrictions = (context: Context, drop: readonly string[], maxBodyBytes: number): void => {
  const { left } = sharedOf(context);
  left.drop = [...(left.drop ?? []), ...drop];
  left.maxBodyBytes = Math.min(left.maxBodyBytes ?? Number.POSITIVE_INFINITY, maxBodyBytes);
};

/** A gateway behind this leaves its own security headers out. */
export const claimSecurityHeaders = (context: Context): void => {
  sharedOf(context).left.securityHeaders = true;
};

/** Remembers what middleware will do to the response, for answers that are made where it can't. */
export const rememberEdit = (context: Context, edit: EditHeaders): void => {
  sharedOf(context).edits.push(edit);
};

/** Those edits, the innermost first: the order in which they would come upon the response. */
export const rememberedEdits = (context: Context): readonly EditHeaders[] =>
  findShared(context)?.edits.toReversed() ?? [];

/** The request that the server made, where the first of this middleware found it. */
export const originalOf = (context: Context): Request | undefined => findShared(context)?.original;

/** What a handler has to keep to; undefined where no middleware left anything. */
export const surroundingsOf = (context: Context): Surroundings | undefined => {
  const id = knownIdOf(context);
  const left = findShared(context)?.left;
  if (left === undefined) return id && { id };
  return id === undefined || left.id !== undefined ? left : { ...left, id };
};
