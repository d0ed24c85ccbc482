/** What Fairlead's middleware and handlers leave for one another on Hono's context. */
import type { Context } from "hono";
import type { Arrival } from "../src/core/arrival.ts";
import { webArrival } from "../src/core/web-arrival.ts";
import type { HeaderEdits } from "../src/http/header-edits.ts";
import type { Screened } from "../src/http/screen.ts";

/** Where the arrival comes from: a gateway's platform, `c.req.raw`, or a request that middleware put there. */
type Source = "platform" | "request" | "replaced";

interface Shared {
  arrival: Arrival | undefined;
  source: Source;
  requestId: string | undefined;
  readonly edits: HeaderEdits[];
  readonly fields: string[];
  screened: Screened | undefined;
  editsApplied: boolean;
}

type SharedEnv = { Variables: { fairlead?: Shared } };

const sharedOf = (context: Context): Shared => {
  const c = context as Context<SharedEnv>;
  const found = c.get("fairlead");
  if (found !== undefined) return found;
  const created: Shared = {
    arrival: undefined,
    source: "request",
    requestId: undefined,
    edits: [],
    fields: [],
    screened: undefined,
    editsApplied: false,
  };
  c.set("fairlead", created);
  return created;
};

/** The request as it arrived; read from the Web `Request` where no gateway put it there. */
export const arrivalOf = (c: Context): Arrival => (sharedOf(c).arrival ??= webArrival(c.req.raw));

/**
 * The request as it arrived; read with `read`, which knows more than the Web `Request` tells, unless a
 * platform did so before. A request that middleware replaced keeps its new content.
 */
export const ensureArrival = (c: Context, read: () => Arrival): Arrival => {
  const state = sharedOf(c);
  const { arrival, source } = state;
  if (arrival !== undefined && source === "platform") return arrival;
  state.source = "platform";
  if (source !== "replaced") return (state.arrival = read());
  const replaced = webArrival(c.req.raw);
  const { head, peer, cancellation } = read();
  return (state.arrival = { head, peer, cancellation, body: replaced.body, request: c.req.raw });
};

/** Whether no gateway read the request yet, so that middleware has to do itself what a gateway does later. */
export const standsAlone = (c: Context): boolean => sharedOf(c).source !== "platform";

/** Puts `request` in the place of `c.req.raw` for everything that follows. Only where middleware stands alone. */
export const replaceRequest = (c: Context, request: Request): void => {
  const state = sharedOf(c);
  c.req.raw = request;
  state.arrival = webArrival(request, state.arrival?.peer);
  state.source = "replaced";
};

/** What validation made of the request. */
export const setScreened = (c: Context, screened: Screened): void => {
  sharedOf(c).screened = screened;
};

export const requestIdOf = (c: Context): string | undefined => sharedOf(c).requestId;

export const setRequestId = (c: Context, id: string): void => {
  sharedOf(c).requestId = id;
};

/**
 * Asks that the response be edited where it is built. Call before `next()`; afterwards
 * `responseEditsApplied` tells whether the handler did it, else the middleware must edit `c.res` itself.
 *
 * `edits` is one constant object per middleware instance, so that handlers can merge once and remember;
 * `fields` are name and value pairs of this very response, whose names `edits.drop` holds.
 */
export const requestResponseEdits = (
  c: Context,
  edits: HeaderEdits,
  fields: readonly string[] = [],
): void => {
  const state = sharedOf(c);
  state.edits.push(edits);
  state.fields.push(...fields);
};

export const responseEditsApplied = (c: Context): boolean => sharedOf(c).editsApplied;

/** What middleware around a handler left for it. */
export interface Outer {
  readonly requestId: string | undefined;
  readonly edits: readonly HeaderEdits[];
  readonly fields: readonly string[];
  readonly screened: Screened | undefined;
}

/**
 * For a handler that builds its response with these edits; it calls `confirmResponseEdits` once it has.
 * Undefined where none of Fairlead's middleware stands around the handler.
 */
export const outerOf = (context: Context): Outer | undefined =>
  (context as Context<SharedEnv>).get("fairlead");

export const confirmResponseEdits = (c: Context): void => {
  sharedOf(c).editsApplied = true;
};
