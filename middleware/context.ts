/** What Fairlead's middleware and handlers leave for one another on Hono's context. */
import type { Context } from "hono";
import type { Arrival } from "../src/core/arrival.ts";
import { webArrival } from "../src/core/web-arrival.ts";
import { type HeaderEdits, NO_EDITS, mergeEdits } from "../src/http/header-edits.ts";

interface Shared {
  arrival: Arrival | undefined;
  requestId: string | undefined;
  edits: HeaderEdits;
  editsApplied: boolean;
}

type SharedEnv = { Variables: { fairlead?: Shared } };

const sharedOf = (context: Context): Shared => {
  const c = context as Context<SharedEnv>;
  const found = c.get("fairlead");
  if (found !== undefined) return found;
  const created: Shared = { arrival: undefined, requestId: undefined, edits: NO_EDITS, editsApplied: false };
  c.set("fairlead", created);
  return created;
};

/** The request as it arrived; read from the Web `Request` where no gateway put it there. */
export const arrivalOf = (c: Context): Arrival => (sharedOf(c).arrival ??= webArrival(c.req.raw));

/** For a gateway, whose platform reads requests more cheaply. */
export const setArrival = (c: Context, arrival: Arrival): void => {
  sharedOf(c).arrival = arrival;
};

export const requestIdOf = (c: Context): string | undefined => sharedOf(c).requestId;

export const setRequestId = (c: Context, id: string): void => {
  sharedOf(c).requestId = id;
};

/**
 * Asks that the response be edited where it is built. Call before `next()`; afterwards
 * `responseEditsApplied` tells whether the handler did it, else the middleware must edit `c.res` itself.
 */
export const requestResponseEdits = (c: Context, edits: HeaderEdits): void => {
  const state = sharedOf(c);
  state.edits = state.edits === NO_EDITS ? edits : mergeEdits(state.edits, edits);
};

export const responseEditsApplied = (c: Context): boolean => sharedOf(c).editsApplied;

/** For a handler that builds its response with these edits in it. */
export const takeResponseEdits = (c: Context): HeaderEdits => {
  const state = sharedOf(c);
  state.editsApplied = true;
  return state.edits;
};
