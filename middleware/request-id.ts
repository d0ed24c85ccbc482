/** One id for a request, in logs, towards upstreams and in the answer. */
import type { MiddlewareHandler } from "hono";
import type { GetConnInfo } from "hono/conninfo";
import type { RequestIdVariables } from "hono/request-id";
import { requestId as schema } from "../src/config/settings/edge.ts";
import type { RequestIdConfig, RequestIdInput } from "../src/config/types.ts";
import { ProxyError } from "../src/core/errors.ts";
import type { HeaderEdits } from "../src/http/header-edits.ts";
import { firstValue } from "../src/http/headers.ts";
import { type Visit, visitOf } from "./arrivals.ts";
import { knownIdOf, setRequestId, wantEdits } from "./context.ts";
import { editResponse } from "./edit-response.ts";
import { readOptions, requireConnInfo } from "./options.ts";

export interface RequestIdOptions extends RequestIdInput {
  /** Whether the peer with this address is a trusted proxy. Needs `getConnInfo`. @default nobody is */
  readonly trustedPeer?: ((address: string) => boolean) | undefined;
  /**
   * Tells a connection's other end: the function of this name in Hono's adapter for your runtime
   * (`hono/bun`, `hono/deno`, `hono/cloudflare-workers`, `@hono/node-server/conninfo`).
   */
  readonly getConnInfo?: GetConnInfo | undefined;
  /** Makes a new id: 1-128 characters of `A-Za-z0-9._~-`. @default a random UUID */
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
  readonly idOf: (visit: Visit) => string;
}

/** A config, and what it takes to follow it. */
export interface RequestIdSources extends RequestIdConfig {
  readonly trustedPeer: (address: string) => boolean;
  readonly generate: () => string;
}

export const requestIdPolicy = ({
  header,
  trust,
  trustedPeer,
  generate,
}: RequestIdSources): RequestIdPolicy => ({
  header,
  edits: { drop: new Set([header]), fallback: [], add: [] },
  idOf: ({ head, peer }) => {
    if (trust === "never") return generate();
    const given = firstValue(head.pairs, header);
    if (given === undefined || !KEPT.test(given)) return generate();
    return trust === "always" || trustedPeer(peer.address) ? given : generate();
  },
});

/** `generate`, held to what it promised. */
const checked = (generate: () => string) => (): string => {
  const made: unknown = generate();
  if (typeof made === "string" && KEPT.test(made)) return made;
  throw new ProxyError("internal", {
    detail: `requestId: generate: expected 1-128 characters of A-Za-z0-9._~-, found ${JSON.stringify(made)}`,
  });
};

const nobody = (): boolean => false;

/**
 * Gives every request an id: the one that Hono's variable `requestId` holds already, the one it came with where `trust`
 * says so and it has 1-128 characters of `A-Za-z0-9._~-`, else a new one. The response carries it, instead of any id the
 * upstream sent, and so does the request that a Fairlead handler sends on. Handlers read it with
 * `c.get("requestId")`.
 *
 * Register it early: what ran before doesn't know the id. Answers carry it wherever it stands.
 *
 * @throws TypeError naming the option that is wrong.
 */
export const requestId = (
  options: RequestIdOptions = {},
): MiddlewareHandler<{ Variables: RequestIdVariables }> => {
  const read = readOptions("requestId", options, schema, ["trustedPeer", "getConnInfo", "generate"]);
  requireConnInfo("requestId", read);
  const { getConnInfo, trustedPeer = nobody, generate } = read;
  const policy = requestIdPolicy({
    ...read,
    trustedPeer,
    generate: generate === undefined ? randomUuid : checked(generate),
  });
  const { header, edits } = policy;
  return async (c, next) => {
    const id = knownIdOf(c)?.id ?? policy.idOf(visitOf(c, getConnInfo));
    setRequestId(c, id, header);
    const wanted = { edits, fields: [header, id] };
    wantEdits(c, wanted);
    await next();
    editResponse(c, wanted);
  };
};
