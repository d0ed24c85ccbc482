/** What Fairlead's middleware and handlers leave for one another on Hono's context. */
import type { Context } from "hono";
import type { Arrival } from "../src/core/arrival.ts";
import type { HeaderEdits } from "../src/http/header-edits.ts";
import type { CurbedRequest } from "./curbed-request.ts";

/** The id of a request that middleware has given it. */
export interface KnownId {
  readonly id: string;
  /** Lower-case names of the fields that carry it to upstreams. */
  readonly headers: readonly string[];
}

/** What one middleware wants done to the response. */
export interface WantedEdits {
  /** One constant object per middleware instance, so that handlers can merge once and remember. */
  readonly edits: HeaderEdits;
  /** Fields of this very response, name and value in turn; `edits` drops their names. */
  readonly fields: readonly string[];
}

export interface Shared {
  /** The request as the first of this middleware found it: runtimes know the connection of this one, of no copy. */
  readonly original: Request;
  /** What the current `c.req.raw` says. */
  seen: Arrival | undefined;
  /** What validation put in the place of `c.req.raw`. */
  curbed: CurbedRequest | undefined;
  id: KnownId | undefined;
  /** Outermost first. */
  readonly wanted: WantedEdits[];
  /** The response that has everything in `wanted` already. */
  edited: Response | undefined;
}

type SharedEnv = { Variables: { fairlead?: Shared; requestId?: unknown } };

/** Undefined where none of Fairlead's middleware stands around. */
export const findShared = (context: Context): Shared | undefined =>
  (context as Context<SharedEnv>).get("fairlead");

export const sharedOf = (context: Context): Shared => {
  const found = findShared(context);
  if (found !== undefined) return found;
  const created: Shared = {
    original: context.req.raw,
    seen: undefined,
    curbed: undefined,
    id: undefined,
    wanted: [],
    edited: undefined,
  };
  (context as Context<SharedEnv>).set("fairlead", created);
  return created;
};

/** An id that other middleware made is passed on if it is harmless. */
const HARMLESS = /^[\w.~=-]{1,255}$/;
const CONVENTIONAL: readonly string[] = Object.freeze(["x-request-id"]);

/** The id that `requestId` gave the request, or else what stands in Hono's own variable `requestId`. */
export const knownIdOf = (context: Context): KnownId | undefined => {
  const c = context as Context<SharedEnv>;
  const known = c.get("fairlead")?.id;
  if (known !== undefined) return known;
  const id = c.get("requestId");
  return typeof id === "string" && HARMLESS.test(id) ? { id, headers: CONVENTIONAL } : undefined;
};

/** Gives the request its id, with one more field that carries it. */
export const setRequestId = (context: Context, id: string, header: string): void => {
  const shared = sharedOf(context);
  shared.id = { id, headers: [...(shared.id?.headers ?? []), header] };
  (context as Context<SharedEnv>).set("requestId", id);
};

/**
 * Asks that the response be edited where it is built. Call before `next()`; afterwards `editResponse` makes up for it
 * where nobody did so.
 */
export const wantEdits = (c: Context, wanted: WantedEdits): void => {
  sharedOf(c).wanted.push(wanted);
};
