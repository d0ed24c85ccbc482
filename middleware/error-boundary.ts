/** Whatever goes wrong becomes an answer that tells the client enough and nothing internal. */
import type { Context, MiddlewareHandler } from "hono";
import { type ProxyError, asProxyError } from "../src/core/errors.ts";
import { firstValue } from "../src/http/headers.ts";
import { renderProblem } from "../src/http/problem.ts";
import { arrivalOf, requestIdOf } from "./context.ts";
import { answerInstead } from "./edit-response.ts";

/** What the answer depends on besides the error. */
export interface ProblemContext {
  readonly requestId: string | undefined;
  /** The request's `Accept`. */
  readonly accept: string | undefined;
}

/** Stands in for 499 on a connection that nobody reads from any more. */
const NOBODY_LISTENS = 408;

/**
 * The answer to a failed request: RFC 9457 JSON, or text or HTML by `Accept`, with status, code, title and
 * request id. Never the error's message, cause or stack. Fields the error asks for (`Allow`, `Retry-After`) are in it.
 *
 * A client that is gone gets an empty 408, should anything of it still be sent: 499 is for logs.
 */
export const problemResponse = (error: ProxyError, { requestId, accept }: ProblemContext): Response => {
  const { status, title } = error.kind;
  if (error.code === "client-closed") return new Response(null, { status: NOBODY_LISTENS });
  const { contentType, body } = renderProblem({ status, code: error.code, title, requestId }, accept);
  return new Response(body, {
    status,
    headers: { "content-type": contentType, "cache-control": "no-store", ...error.headers },
  });
};

/** The answer to `error` for the request of `c`. */
export const problemFor = (c: Context, error: ProxyError): Response =>
  problemResponse(error, {
    requestId: requestIdOf(c),
    accept: firstValue(arrivalOf(c).head.pairs, "accept"),
  });

export interface ErrorBoundaryOptions {
  /** Told of every failure, with its cause, before the answer is made. For logs. MUST NOT throw. */
  readonly onFailure?: ((error: ProxyError, c: Context) => void) | undefined;
}

/** An error that carries its own answer, such as Hono's `HTTPException`. */
const hasResponse = (thrown: unknown): boolean =>
  typeof thrown === "object" && thrown !== null && "getResponse" in thrown;

/**
 * Turns whatever is thrown behind it into a problem answer: a `ProxyError` by its code, anything else into a 500
 * that tells nothing. Errors with an answer of their own (Hono's `HTTPException`) keep it.
 *
 * Hono hands errors to the app's `onError` before middleware sees them, so the boundary replaces what that
 * answered; an app that wants its own pages uses `problemResponse` in its `onError` instead.
 */
export const errorBoundary = (options: ErrorBoundaryOptions = {}): MiddlewareHandler => {
  const { onFailure } = options;
  if (onFailure !== undefined && typeof onFailure !== "function") {
    throw new TypeError(`errorBoundary: onFailure: expected a function; found ${typeof onFailure}`);
  }
  const answer = (c: Context, thrown: unknown): Response => {
    const error = asProxyError(thrown);
    onFailure?.(error, c);
    return problemFor(c, error);
  };
  return async (c, next) => {
    try {
      await next();
    } catch (thrown) {
      // What is not an `Error` passes by `onError`.
      return answer(c, thrown);
    }
    const { error } = c;
    if (error === undefined || hasResponse(error)) return undefined;
    await answerInstead(c, answer(c, error));
    return undefined;
  };
};
