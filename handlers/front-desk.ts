/**
 * What the client-facing middleware of a config says of a request, in one synchronous step.
 *
 * The same policies stand behind the middleware of the same names. A gateway asks them directly: running them
 * as a chain of Hono middleware costs as much as all the rest of this proxy's own work on a request.
 */
import { requestIdPolicy } from "../middleware/request-id.ts";
import { securityHeadersPolicy } from "../middleware/security-headers.ts";
import { validationPolicy } from "../middleware/validation.ts";
import type { Config } from "../src/config/types.ts";
import type { Arrival } from "../src/core/arrival.ts";
import type { ProxyError } from "../src/core/errors.ts";
import type { Random } from "../src/core/platform.ts";
import { type TrustedRanges, isTrusted } from "../src/http/forwarded.ts";
import type { HeaderEdits } from "../src/http/header-edits.ts";
import type { Screened } from "../src/http/screen.ts";

/** A request as the front desk sees it. */
export interface Reception {
  readonly id: string;
  /** Constant edits of the response, in order. */
  readonly edits: readonly HeaderEdits[];
  /** Fields of this very response: name, value, …; `edits` drop their names. */
  readonly fields: readonly string[];
  /** What the head means, or why the request goes no further. */
  readonly screened: Screened | ProxyError;
}

/** @param knownId the request's id where middleware around the gateway has given it one, and answers with it. */
export type FrontDesk = (arrival: Arrival, knownId: string | undefined) => Reception;

/** The front desk of a whole gateway. */
export const frontDesk = (config: Config, random: Random, trusted: TrustedRanges): FrontDesk => {
  const trustedPeer = (address: string): boolean => isTrusted(trusted, address);
  const ids = requestIdPolicy({ ...config.requestId, trustedPeer, generate: () => random.id() });
  const headers =
    config.securityHeaders === false
      ? undefined
      : securityHeadersPolicy({ ...config.securityHeaders, trustedPeer });
  const check = validationPolicy({ ...config.validation, limits: config.listen.limits }).check;
  const editsWith = (
    edits: readonly HeaderEdits[],
  ): [plain: readonly HeaderEdits[], secure: readonly HeaderEdits[]] =>
    headers === undefined
      ? [edits, edits]
      : [
          [...edits, headers.edits.http],
          [...edits, headers.edits.https],
        ];
  const own = editsWith([ids.edits]);
  const around = editsWith([]);
  return (arrival, knownId) => {
    const id = knownId ?? ids.idOf(arrival);
    const [plain, secure] = knownId === undefined ? own : around;
    return {
      id,
      edits: headers?.isSecure(arrival) === true ? secure : plain,
      fields: knownId === undefined ? [ids.header, id] : [],
      screened: check(arrival),
    };
  };
};
