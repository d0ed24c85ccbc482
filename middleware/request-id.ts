/** One id for a request, in logs, towards upstreams and in the answer. */
import type { MiddlewareHandler } from "hono";
import { requestId as schema } from "../src/config/schema/edge.ts";
import type { Arrival } from "../src/core/arrival.ts";
import type { HeaderEdits } from "../src/http/header-edits.ts";
import { firstValue } from "../src/http/headers.ts";
import { arrivalOf, requestResponseEdits, responseEditsApplied, setRequestId } from "./context.ts";
import { editResponse } from "./edit-response.ts";
import { readOptions } from "./options.ts";

export interface RequestIdOptions {
  /** Header that carries the id, both ways. @default "x-request-id" */
  readonly header?: string | undefined;
  /** Whose ids are kept: any client's, those from trusted peers only, or nobody's. @default "trusted" */
  readonly trust?: "always" | "trusted" | "never" | undefined;
  /** Whether the peer with this address is a trusted proxy. @default nobody is */
  readonly trustedPeer?: ((address: string) => boolean) | undefined;
  /** Makes a new id. @default a random UUID */
  readonly generate?: (() => string) | undefined;
}

/** Safe in logs, headers and HTML alike. */
const KEPT = /^[A-Za-z0-9._~-]{1,128}$/;

// oxlint-disable-next-line no-restricted-properties -- the Web standard's own, for apps without a platform; a gateway passes its platform's
const randomUuid = (): string => crypto.randomUUID();

/** Which id a request gets. */
export interface RequestIdPolicy {
  /** Lower-case name of the field that carries it. */
  readonly header: string;
  /** Takes out the id that an upstream sent. */
  readonly edits: HeaderEdits;
  readonly idOf: (arrival: Arrival) => string;
}

/** @throws TypeError naming the option that is wrong. */
export const requestIdPolicy = (options: RequestIdOptions): RequestIdPolicy => {
  const { trustedPeer = () => false, generate = randomUuid, ...section } = options;
  const { header, trust } = readOptions("requestId", schema, section);
  return {
    header,
    edits: { drop: new Set([header]), fallback: [], add: [] },
    idOf: (arrival) => {
      const believed = trust === "always" || (trust === "trusted" && trustedPeer(arrival.peer.address));
      const given = believed ? firstValue(arrival.head.pairs, header) : undefined;
      return given !== undefined && KEPT.test(given) ? given : generate();
    },
  };
};

/**
 * Gives every request an id: the one it came with where `trust` says so and it has 1-128 characters of
 * `A-Za-z0-9._~-`, else a new one. The response carries it, instead of any id the upstream sent.
 *
 * Register it first, so that everything after it knows the id.
 *
 * @throws TypeError naming the option that is wrong.
 */
export const requestId = (options: RequestIdOptions = {}): MiddlewareHandler => {
  const { header, edits, idOf } = requestIdPolicy(options);
  return async (c, next) => {
    const id = idOf(arrivalOf(c));
    setRequestId(c, id);
    const fields = [header, id];
    requestResponseEdits(c, edits, fields);
    await next();
    if (!responseEditsApplied(c)) editResponse(c, { drop: edits.drop, fallback: [], add: fields });
  };
};
