/** The door: which requests are looked at any further. */
import type { Context, MiddlewareHandler } from "hono";
import { validation as schema } from "../src/config/schema/edge.ts";
import { listen } from "../src/config/schema/listen.ts";
import type { ListenLimits } from "../src/config/types.ts";
import { ProxyError } from "../src/core/errors.ts";
import { validationPolicy } from "../src/edge/validation.ts";
import { arrivalOf, leaveRestrictions } from "./context.ts";
import { problemFor } from "./error-boundary.ts";
import { readOptions, requireObject } from "./options.ts";

/** Sizes are bytes or text with a unit: `"64KB"`, `"1MiB"`. */
export interface ValidationLimits {
  /** Names and values of all header fields. @default "32KiB" */
  readonly headerBytes?: number | string | undefined;
  /** Number of header fields. @default 100 */
  readonly headers?: number | undefined;
  /** Path and query. @default "8KiB" */
  readonly targetBytes?: number | string | undefined;
  /** Content; `"unlimited"` for any. A gateway behind this keeps to the smaller of this limit and its route's. @default "100MiB" */
  readonly bodyBytes?: number | string | undefined;
}

export interface ValidationOptions {
  /** Methods that are let through, HEAD wherever GET is. @default all but CONNECT and TRACE */
  readonly methods?: readonly string[] | undefined;
  /** Hosts that are served, exact or `*.example.com`; a gateway holds forwarded ones against them too. @default any */
  readonly hosts?: readonly string[] | undefined;
  /** Media types accepted in request bodies, `application/json` or `text/*`. @default any */
  readonly contentTypes?: readonly string[] | undefined;
  /** What becomes of header names that hold an underscore. @default "drop" */
  readonly underscores?: "drop" | "reject" | "allow" | undefined;
  /**
   * What becomes of requests with an encoded slash (`%2F`) in their path. A gateway behind this goes by its own setting as
   * well. @default "reject"
   */
  readonly encodedSlash?: "reject" | "keep" | undefined;
  readonly limits?: ValidationLimits | undefined;
  /** Makes the answer for a request that is not let through, or throws. @default a problem answer (RFC 9457) */
  readonly reject?: ((error: ProxyError, c: Context) => Response) | undefined;
}

/** What a server keeps, and middleware can't. */
const OF_SERVERS: readonly string[] = ["connections", "requestsPerConnection"];

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
