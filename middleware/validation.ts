/** Refuses requests that break rules or limits, before anything else looks at them. */
import type { Context, MiddlewareHandler } from "hono";
import { defaulted, named, object, pick } from "../src/config/schema/object.ts";
import type { Schema } from "../src/config/schema/schema.ts";
import { validation as section } from "../src/config/settings/edge.ts";
import { limits as listenLimits } from "../src/config/settings/listen.ts";
import type {
  ListenLimits,
  ListenLimitsInput,
  ValidationConfig,
  ValidationInput,
} from "../src/config/types.ts";
import { ProxyError } from "../src/core/errors.ts";
import { validationPolicy } from "../src/edge/validation.ts";
import { arrivalOf, leaveRestrictions } from "./context.ts";
import { problemFor } from "./error-boundary.ts";
import { readOptions } from "./options.ts";

/** Sizes are bytes or text with a unit: `"64KB"`, `"1MiB"`. A gateway behind this keeps to the smaller of its body limit and this one. */
export type ValidationLimits = Pick<ListenLimitsInput, (typeof OF_REQUESTS)[number]>;

/** Limits of requests. The others are of connections, which middleware does not see. */
const OF_REQUESTS = ["headerBytes", "headers", "targetBytes", "bodyBytes"] as const;

/** A gateway behind this goes by its own settings as well. */
export interface ValidationOptions extends ValidationInput {
  /** Sizes of requests, as in `listen.limits`. */
  readonly limits?: ValidationLimits | undefined;
  /** Makes the answer for a request that is not let through, or throws. @default a problem answer (RFC 9457) */
  readonly reject?: ((error: ProxyError, c: Context) => Response) | undefined;
}

const limits = object(named("", { expects: "an object of limits" }), pick(listenLimits, ...OF_REQUESTS));

const schema: Schema<
  ValidationConfig & { readonly limits: Pick<ListenLimits, (typeof OF_REQUESTS)[number]> }
> = object("", {
  ...section.settings,
  limits: defaulted(limits, {}, ""),
});

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
  const { reject = problemAnswer, ...rules } = readOptions("validation", options, schema, ["reject"]);
  const check = validationPolicy({ ...rules, ...rules.limits });
  const maxBytes = rules.limits.bodyBytes;
  return async (c, next) => {
    const arrival = arrivalOf(c);
    const found = check(arrival);
    if (found instanceof ProxyError) return reject(found, c);
    if (found.encodedSlash && rules.encodedSlash === "reject") {
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
