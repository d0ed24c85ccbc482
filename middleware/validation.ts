/** The door: which requests are looked at any further. */
import type { Context, MiddlewareHandler } from "hono";
import { validation as schema } from "../src/config/settings/edge.ts";
import { listen } from "../src/config/settings/listen.ts";
import type {
  ListenLimits,
  ListenLimitsInput,
  ValidationConfig,
  ValidationInput,
} from "../src/config/types.ts";
import type { Arrival } from "../src/core/arrival.ts";
import { type ErrorCode, ProxyError } from "../src/core/errors.ts";
import { firstValue } from "../src/http/headers.ts";
import { mediaTypeTest } from "../src/http/media-type.ts";
import { type Screened, screen } from "../src/http/screen.ts";
import { NO_HOST, matchHost } from "../src/routing/host-matcher.ts";
import { arrivalOf, curb } from "./arrivals.ts";
import type { CurbedRequest } from "./curbed-request.ts";
import { answerInstead, keepFieldsSoFar } from "./edit-response.ts";
import { problemFor } from "./error-boundary.ts";
import { readOptions, requireObject } from "./options.ts";

/** Sizes are bytes or text with a unit: `"64KB"`, `"1MiB"`. A gateway behind this keeps to the smaller of its body limit and this one. */
export type ValidationLimits = Pick<
  ListenLimitsInput,
  "headerBytes" | "headers" | "targetBytes" | "bodyBytes"
>;

export interface ValidationOptions extends ValidationInput {
  readonly limits?: ValidationLimits | undefined;
  /** Makes the answer for a request that is not let through, or throws. @default a problem answer (RFC 9457) */
  readonly reject?: ((error: ProxyError, c: Context) => Response) | undefined;
}

/** A config's rules. */
export interface ValidationRules extends ValidationConfig {
  readonly limits: Pick<ListenLimits, keyof ValidationLimits>;
}

/** What is asked of a request. */
export interface ValidationPolicy {
  /** What stands against the request, or what it means. Leaves the content to others. */
  readonly check: (arrival: Arrival) => Screened | ProxyError;
}

const ORDINARY = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/** HEAD is GET without the content, and whoever has the one may have the other (RFC 9110 §9.3.2). */
const withHead = (methods: readonly string[]): readonly string[] =>
  methods.includes("HEAD")
    ? methods
    : methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));

const methodTest = (methods: readonly string[] | undefined): ((method: string) => boolean) => {
  if (methods === undefined) return (method) => method !== "CONNECT" && method !== "TRACE";
  const allowed = new Set(methods);
  return (method) => allowed.has(method);
};

const fail = (code: ErrorCode, detail: string): ProxyError => new ProxyError(code, { detail });

export const validationPolicy = (rules: ValidationRules): ValidationPolicy => {
  const { hosts, contentTypes } = rules;
  const methods = rules.methods && withHead(rules.methods);
  const methodAllowed = methodTest(methods);
  const allow = methods?.join(", ") ?? ORDINARY;
  const typeAccepted = contentTypes && mediaTypeTest(contentTypes);
  const limits = { ...rules.limits, underscores: rules.underscores };
  const check = (arrival: Arrival): Screened | ProxyError => {
    const { head } = arrival;
    if (!methodAllowed(head.method)) {
      const detail = `method ${head.method} is not on the list`;
      return new ProxyError("method-not-allowed", { detail, headers: { allow } });
    }
    const screened = screen(head, limits);
    if ("code" in screened) return fail(screened.code, screened.detail);
    if (matchHost(hosts, screened.host) === NO_HOST) {
      return fail("host-not-allowed", `host ${screened.host} is not on the list`);
    }
    if (typeAccepted !== undefined && hasContent(arrival, screened)) {
      const type = firstValue(head.pairs, "content-type");
      if (!typeAccepted(type)) return fail("unsupported-media-type", `content type ${type ?? "missing"}`);
    }
    return screened;
  };
  return { check };
};

/** By the framing where it tells: on Node, a look at the body of a Web request begins to read it. */
const hasContent = ({ head, body }: Arrival, { contentLength }: Screened): boolean =>
  contentLength === undefined
    ? firstValue(head.pairs, "transfer-encoding") !== undefined || body.present
    : contentLength > 0;

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

/** Dealt with by whoever answers it; an app may still want to see it. */
const HELD_BACK: ReadonlySet<string> = new Set(["expect"]);

/** Takes out of `c.req` what must not be believed, and counts content of untold length. Undefined if there is nothing to do. */
const enforce = (
  c: Context,
  arrival: Arrival,
  screened: Screened,
  maxBytes: number,
): CurbedRequest | undefined => {
  const drop = screened.drop.filter((name) => !HELD_BACK.has(name));
  const untold = screened.contentLength === undefined && maxBytes !== Number.POSITIVE_INFINITY;
  if (drop.length === 0 && (!untold || c.req.raw.bodyUsed)) return undefined;
  const content = hasContent(arrival, screened);
  if (drop.length === 0 && !content) return undefined;
  return curb(c, { drop, maxBodyBytes: untold ? maxBytes : Number.POSITIVE_INFINITY }, content);
};

const problemAnswer = (error: ProxyError, c: Context): Response => problemFor(c, error);

/**
 * Lets through what is well-formed, small enough and on the lists, and answers everything else:
 * 400 malformed or ambiguous (see `screen`), 405 method, 413 content, 414 target, 415 media type, 417 `Expect`,
 * 421 host (RFC 9110 §15.5.20), 431 header section.
 *
 * Fields that were nominated by `Connection` or hold an underscore are taken out of `c.req`, and content of
 * unannounced length fails with `body-too-large` while it is read. A gateway or `proxyTo` behind this forwards the
 * request with both held back, and looks at it by its own rules as well.
 *
 * @throws TypeError naming the option that is wrong.
 */
export const validation = (options: ValidationOptions = {}): MiddlewareHandler => {
  requireObject("validation", options);
  const { limits: given, ...others } = options;
  const { reject = problemAnswer, ...section } = readOptions("validation", others, schema, ["reject"]);
  const limits = readLimits(given);
  const { check } = validationPolicy({ ...section, limits });
  const maxBytes = limits.bodyBytes;
  return async (c, next) => {
    const arrival = arrivalOf(c);
    const found = check(arrival);
    if (found instanceof ProxyError) return reject(found, c);
    if ((found.contentLength ?? 0) > maxBytes) {
      return reject(fail("body-too-large", `${found.contentLength} bytes announced`), c);
    }
    const curbed = enforce(c, arrival, found, maxBytes);
    await next();
    // A handler that got over it keeps its answer.
    if (c.error === undefined || curbed?.exceeded() !== true) return undefined;
    const error = fail("body-too-large", "content of unannounced length");
    return answerInstead(c, keepFieldsSoFar(c, reject(error, c)));
  };
};
