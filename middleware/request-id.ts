/** One id for a request, in logs, towards upstreams and in the answer. */
import type { MiddlewareHandler } from "hono";
import type { RequestIdVariables } from "hono/request-id";
import { requestId as schema } from "../src/config/settings/edge.ts";
import type { RequestIdInput } from "../src/config/types.ts";
import { ProxyError } from "../src/core/errors.ts";
import { SAFE_ID, requestIdPolicy } from "../src/edge/request-id.ts";
import { type TrustOptions, arrivalOf, isTrustedPeer, knownIdOf, setRequestId } from "./context.ts";
import { editAfterwards } from "./edit-response.ts";
import { readOptions } from "./options.ts";
import { standardUuid } from "./web-standard.ts";

export interface RequestIdOptions extends RequestIdInput, TrustOptions {
  /** Makes a new id: 1-128 characters of `A-Za-z0-9._~-`. @default a random UUID */
  readonly generate?: (() => string) | undefined;
}

/** `generate`, held to what it promised. */
const checked = (generate: () => string) => (): string => {
  const made: unknown = generate();
  if (typeof made === "string" && SAFE_ID.test(made)) return made;
  throw new ProxyError("internal", {
    detail: `requestId: generate: expected 1-128 characters of A-Za-z0-9._~-, found ${JSON.stringify(made)}`,
  });
};

/**
 * Gives every request an id: the one that Hono's variable `requestId` holds already, the one it came with where `trust`
 * says so and it has 1-128 characters of `A-Za-z0-9._~-`, else a new one. The response carries it, instead of any id the
 * upstream sent, and so does the request that a Fairlead handler sends on. Handlers read it with
 * `c.get("requestId")`.
 *
 * Register it early: what ran before doesn't know the id.
 *
 * @throws TypeError naming the option that is wrong.
 */
export const requestId = (
  options: RequestIdOptions = {},
): MiddlewareHandler<{ Variables: RequestIdVariables }> => {
  const read = readOptions("requestId", options, schema, ["trustedPeer", "getConnInfo", "generate"]);
  const { generate, header, trust } = read;
  const policy = requestIdPolicy({
    header,
    trust,
    generate: generate === undefined ? standardUuid : checked(generate),
  });
  return async (c, next) => {
    const id =
      knownIdOf(c)?.id ?? policy.idOf(arrivalOf(c).fields, trust === "trusted" && isTrustedPeer(c, read));
    setRequestId(c, id, header);
    await editAfterwards(c, next, (headers) => headers.set(header, id));
  };
};
