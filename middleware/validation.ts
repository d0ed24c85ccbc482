/** The door: which requests are looked at any further. */
import type { Context, MiddlewareHandler } from "hono";
import { validation as schema } from "../src/config/schema/edge.ts";
import { listen } from "../src/config/schema/listen.ts";
import type { Arrival, ArrivedBody } from "../src/core/arrival.ts";
import { type ErrorCode, ProxyError } from "../src/core/errors.ts";
import { firstValue } from "../src/http/headers.ts";
import { mediaTypeTest } from "../src/http/media-type.ts";
import { type ScreenPolicy, type Screened, screen } from "../src/http/screen.ts";
import { NO_HOST, matchHost } from "../src/routing/host-matcher.ts";
import { limitBody } from "./body-limit.ts";
import { arrivalOf, replaceRequest, setScreened, standsAlone } from "./context.ts";
import { problemFor } from "./error-boundary.ts";
import { answerInstead } from "./edit-response.ts";
import { readOptions } from "./options.ts";

/** Sizes are bytes or text with a unit: `"64KB"`, `"1MiB"`. */
export interface ValidationLimits {
  /** Names and values of all header fields. @default "32KiB" */
  readonly headerBytes?: number | string | undefined;
  /** Number of header fields. @default 100 */
  readonly headers?: number | undefined;
  /** Path and query. @default "8KiB" */
  readonly targetBytes?: number | string | undefined;
  /** Content; `"unlimited"` for any. Counted here only where no gateway follows, whose routes have limits of their own. @default "100MiB" */
  readonly bodyBytes?: number | string | undefined;
}

export interface ValidationOptions {
  /** Methods that are let through. @default all but CONNECT and TRACE */
  readonly methods?: readonly string[] | undefined;
  /** Hosts that are served, exact or `*.example.com`. @default any */
  readonly hosts?: readonly string[] | undefined;
  /** Media types accepted in request bodies, `application/json` or `text/*`. @default any */
  readonly contentTypes?: readonly string[] | undefined;
  /** What becomes of header names that hold an underscore. @default "drop" */
  readonly underscores?: "drop" | "reject" | "allow" | undefined;
  readonly limits?: ValidationLimits | undefined;
  /** Makes the answer for a request that is not let through, or throws. @default a problem answer (RFC 9457) */
  readonly reject?: ((error: ProxyError, c: Context) => Response) | undefined;
}

interface Rules {
  readonly policy: ScreenPolicy;
  readonly maxBodyBytes: number;
  readonly methodAllowed: (method: string) => boolean;
  readonly allow: string;
  readonly hostServed: (host: string) => boolean;
  readonly typeAccepted: ((contentType: string | undefined) => boolean) | undefined;
}

const ORDINARY = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

const compile = (options: Omit<ValidationOptions, "reject">): Rules => {
  const { limits: given = {}, ...section } = options;
  const { methods, hosts, contentTypes, underscores } = readOptions("validation", schema, section);
  const unlimited = given.bodyBytes === Number.POSITIVE_INFINITY;
  const { limits } = readOptions("validation", listen, {
    limits: unlimited ? { ...given, bodyBytes: "unlimited" } : given,
  });
  const allowed = methods === undefined ? undefined : new Set(methods);
  return {
    policy: { ...limits, underscores },
    maxBodyBytes: limits.bodyBytes,
    methodAllowed:
      allowed === undefined
        ? (method) => method !== "CONNECT" && method !== "TRACE"
        : (method) => allowed.has(method),
    allow: methods?.join(", ") ?? ORDINARY,
    hostServed: (host) => matchHost(hosts, host) !== NO_HOST,
    typeAccepted: contentTypes === undefined ? undefined : mediaTypeTest(contentTypes),
  };
};

const fail = (code: ErrorCode, detail: string): ProxyError => new ProxyError(code, { detail });

/** What stands against the request, or what it means. */
const check = (rules: Rules, arrival: Arrival): Screened | ProxyError => {
  const { head } = arrival;
  if (!rules.methodAllowed(head.method)) {
    const detail = `method ${head.method} is not on the list`;
    return new ProxyError("method-not-allowed", { detail, headers: { allow: rules.allow } });
  }
  const screened = screen(head, rules.policy);
  if ("code" in screened) return fail(screened.code, screened.detail);
  if (!rules.hostServed(screened.host))
    return fail("host-not-allowed", `host ${screened.host} is not on the list`);
  if (rules.typeAccepted !== undefined && arrival.body.present) {
    const type = firstValue(head.pairs, "content-type");
    if (!rules.typeAccepted(type)) return fail("unsupported-media-type", `content type ${type ?? "missing"}`);
  }
  return screened;
};

const HELD_BACK: ReadonlySet<string> = new Set(["expect"]);
const never = (): boolean => false;

/** `request` without the fields that must not be believed. */
const cleaned = (request: Request, screened: Screened): Request => {
  const dropped = screened.drop.filter((name) => !HELD_BACK.has(name));
  if (dropped.length === 0) return request;
  const headers = new Headers(request.headers);
  for (const name of dropped) headers.delete(name);
  return new Request(request, { headers });
};

/**
 * What a gateway would do when it forwards, for apps without one: dropped fields go, content of unannounced length
 * is counted.
 *
 * @returns whether there was too much of it, to be asked after the handler.
 */
const enforce = (c: Context, rules: Rules, screened: Screened, body: ArrivedBody): (() => boolean) => {
  const { raw } = c.req;
  const request = cleaned(raw, screened);
  const { contentLength } = screened;
  const counted =
    contentLength === undefined && rules.maxBodyBytes !== Number.POSITIVE_INFINITY && body.present
      ? limitBody(request, rules.maxBodyBytes)
      : { request, exceeded: never };
  if (counted.request !== raw) replaceRequest(c, counted.request);
  return counted.exceeded;
};

/** What is asked of a request. */
export interface ValidationPolicy {
  /** What stands against the request, or what it means. Leaves the content to the gateway. */
  readonly check: (arrival: Arrival) => Screened | ProxyError;
}

/** @throws TypeError naming the option that is wrong. */
export const validationPolicy = (options: Omit<ValidationOptions, "reject">): ValidationPolicy => {
  const rules = compile(options);
  return { check: (arrival) => check(rules, arrival) };
};

/**
 * Lets through what is well-formed, small enough and on the lists, and answers everything else:
 * 400 malformed or ambiguous (see `screen`), 405 method, 413 content, 414 target, 415 media type, 417 `Expect`,
 * 421 host (RFC 9110 §15.5.20), 431 header section.
 *
 * Where no gateway follows, fields that were nominated by `Connection` or hold an underscore are taken out of
 * `c.req`, and content of unannounced length fails with `body-too-large` while it is read.
 *
 * @throws TypeError naming the option that is wrong.
 */
export const validation = (options: ValidationOptions = {}): MiddlewareHandler => {
  const { reject = (error, c) => problemFor(c, error), ...section } = options;
  const rules = compile(section);
  return async (c, next) => {
    const arrival = arrivalOf(c);
    const found = check(rules, arrival);
    if (found instanceof ProxyError) return reject(found, c);
    setScreened(c, found);
    if (!standsAlone(c)) return next();
    if ((found.contentLength ?? 0) > rules.maxBodyBytes) {
      return reject(fail("body-too-large", `${found.contentLength} bytes announced`), c);
    }
    const exceeded = enforce(c, rules, found, arrival.body);
    await next();
    // A handler that got over it keeps its answer.
    if (c.error === undefined || !exceeded()) return undefined;
    return answerInstead(c, reject(fail("body-too-large", "content of unannounced length"), c));
  };
};
