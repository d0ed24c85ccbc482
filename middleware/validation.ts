/** The door: which requests are looked at any further. */
import type { Context, MiddlewareHandler } from "hono";
import { validation as schema } from "../src/config/settings/edge.ts";
import { listen } from "../src/config/settings/listen.ts";
import type { ListenLimits, ListenLimitsInput, ValidationInput } from "../src/config/types.ts";
import { ProxyError } from "../src/core/errors.ts";
import { validationPolicy } from "../src/edge/validation.ts";
import { arrivalOf, leaveRestrictions } from "./context.ts";
import { problemFor } from "./error-boundary.ts";
import { readOptions, requireObject } from "./options.ts";

/** Sizes are bytes or text with a unit: `"64KB"`, `"1MiB"`. A gateway behind this keeps to the smaller of its body limit and this one. */
export type ValidationLimits = Pick<
  ListenLimitsInput,
  "headerBytes" | "headers" | "targetBytes" | "bodyBytes"
>;

/** A gateway behind this goes by its own settings as well. */
export interface ValidationOptions extends ValidationInput {
  readonly limits?: ValidationLimits | undefined;
  /** Makes the answer for a request that is not let through, or throws. @default a problem answer (RFC 9457) */
  readonly reject?: ((error: ProxyError, c: Context) => Response) | undefined;
}

/** What a server keeps, and middleware can't. */
const OF_SERVERS: readonly string[] = [
  "connections",
  "connectionsPerClient",
  "requestsPerConnection",
  "minRate",
];

const readLimits = (limits: ValidationLimits | undefined): ListenLimits => {
  const misplaced = Object.keys(limits ?? {}).find((name) => OF_SERVERS.includes(name));
  if (misplaced !== undefined) {
    const names = "headerBytes, headers, targetBytes, bodyBytes";
    throw new TypeError(`validation: limits.${misplaced}: a limit of servers; expected one of ${names}`);
  }
  return readOptions("validation", { limits }, listen, []).limits;
};

const problemAnswer = (error: ProxyError, c: Context): Response => problemFor(c, error);

/**
 * Lets through what is well-formed, small enough and on the lists, and answers everything else:
 * 400 malformed or ambiguous (see `screen`), 405 method, 413 announced content, 414 target, 415 media type, 417 `Expect`,
 * 421 host (RFC 9110 §15.5.20), 431 header section.
 *
 * The request in `c.req` stays as it came. A gateway or `proxyTo` behind this keeps from upstreams what must not be believed
 * (fields that `Connection` nominates, names with an underscore), fails content of unannounced length once it is too long,
 * and looks at the request by its own rules as well. For handlers of your own, Hono's `bodyLimit` does the counting.
 *
 * @throws TypeError naming the option that is wrong.
 */
export const validation = (options: ValidationOptions = {}): MiddlewareHandler => {
  requireObject("validation", options);
  const { limits: given, ...others } = options;
  const { reject = problemAnswer, ...section } = readOptions("validation", others, schema, ["reject"]);
  const limits = readLimits(given);
  const check = validationPolicy({ ...section, ...limits });
  const maxBytes = limits.bodyBytes;
  return async (c, next) => {
    const arrival = arrivalOf(c);
    const found = check(arrival);
    if (found instanceof ProxyError) return reject(found, c);
    if (found.encodedSlash && section.encodedSlash === "reject") {
      const detail = 'encoded slash (%2F) in the path; `encodedSlash: "keep"` lets it pass';
      return reject(new ProxyError("bad-request", { detail }), c);
    }
    const { contentLength } = arrival.notes;
    if (contentLength !== undefined && contentLength > maxBytes) {
      const detail = `request body of ${contentLength} bytes, over the limit of ${maxBytes}`;
      return reject(new ProxyError("body-too-large", { detail }), c);
    }
    leaveRestrictions(c, found.drop, maxBytes);
    await next();
    return undefined;
  };
};
