/**
 * What the client-facing middleware of a config says of a request, in one synchronous step.
 *
 * The same policies stand behind the middleware of the same names. A gateway asks them directly: running them
 * as a chain of Hono middleware costs as much as all the rest of this proxy's own work on a request.
 */
import type { KnownId } from "../middleware/context.ts";
import type { EditsInTurn } from "../middleware/edit-response.ts";
import { requestIdPolicy } from "../middleware/request-id.ts";
import { securityHeadersPolicy } from "../middleware/security-headers.ts";
import { validationPolicy } from "../middleware/validation.ts";
import type { Config } from "../src/config/types.ts";
import type { Arrival } from "../src/core/arrival.ts";
import type { ProxyError } from "../src/core/errors.ts";
import type { Random } from "../src/core/platform.ts";
import { type TrustedRanges, isTrusted } from "../src/http/forwarded.ts";
import type { Screened } from "../src/http/screen.ts";

/** A request as the front desk sees it. */
export interface Reception extends EditsInTurn {
  readonly id: string;
  /** Lower-case names of the request fields that tell upstreams the id. */
  readonly idHeaders: readonly string[];
  /** What the head means, or why the request goes no further. */
  readonly screened: Screened | ProxyError;
  /** Besides the limit of the route. Infinity is none. */
  readonly maxBodyBytes: number;
}

/** @param known the request's id where middleware around the handler has given it one. */
export type FrontDesk = (arrival: Arrival, known: KnownId | undefined) => Reception;

/** The front desk of a whole gateway. */
export const frontDesk = (config: Config, random: Random, trusted: TrustedRanges): FrontDesk => {
  const trustedPeer = (address: string): boolean => isTrusted(trusted, address);
  const ids = requestIdPolicy({ ...config.requestId, trustedPeer, generate: () => random.id() });
  const headers =
    config.securityHeaders === false ? undefined : securityHeadersPolicy(config.securityHeaders, trustedPeer);
  const { check } = validationPolicy({ ...config.validation, limits: config.listen.limits });
  const plain = headers === undefined ? [ids.edits] : [ids.edits, headers.edits.http];
  const secure = headers === undefined ? plain : [ids.edits, headers.edits.https];
  const own: readonly string[] = [ids.header];
  return (arrival, known) => {
    const id = known === undefined ? ids.idOf(arrival) : known.id;
    return {
      id,
      idHeaders: known === undefined ? own : [...new Set([...known.headers, ids.header])],
      edits: headers?.isSecure(arrival) === true ? secure : plain,
      fields: [ids.header, id],
      screened: check(arrival),
      maxBodyBytes: Number.POSITIVE_INFINITY,
    };
  };
};
