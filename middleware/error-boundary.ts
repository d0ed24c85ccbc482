/** Whatever goes wrong becomes an answer that tells the client enough and nothing internal. */
import type { Context, MiddlewareHandler } from "hono";
import { object } from "../src/config/schema/object.ts";
import type { Schema } from "../src/config/schema/schema.ts";
import { type ProxyError, asProxyError } from "../src/core/errors.ts";
import { problemReply } from "../src/core/local-reply.ts";
import { firstValue } from "../src/http/headers.ts";
import { responseOf } from "../src/web/response.ts";
import { arrivalOf, knownIdOf } from "./context.ts";
import { answerInstead, keepFieldsSoFar, withRememberedEdits } from "./edit-response.ts";
import { readOptions } from "./options.ts";

/** What the answer depends on besides the error. */
export interface ProblemContext {
  readonly requestId: string | undefined;
  /** The request's `Accept`. */
  readonly accept: string | undefined;
}

/**
 * The answer to a failed request: RFC 9457 JSON, or text or HTML by `Accept`, with status, code, title and
 * request id. Never the error's message, cause or stack. Fields the error asks for (`Allow`, `Retry-After`) are in it.
 *
 * A client that is gone gets an empty 408, should anything of it still be sent: 499 is for logs.
 */
export const problemResponse = (error: ProxyError, { requestId, accept }: ProblemContext): Response => {
  const fields = accept === undefined ? [] : ["accept", accept];
  return responseOf(problemReply(error, requestId, fields), { method: "", ended() {} });
};

/** An error that carries its own answer, such as Hono's `HTTPException`. */
const hasResponse = (thrown: unknown): thrown is { getResponse(): Response } =>
  typeof thrown === "object" && thrown !== null && "getResponse" in thrown;

/**
 * The whole answer to what was thrown, for `app.onError((error, c) => problemFor(c, error))` and middleware: the problem
 * of a `ProxyError`, a 500 that tells nothing for anything else. Errors with an answer of their own (Hono's
 * `HTTPException`) keep it.
 *
 * It has what `c` was given for the response before (CORS fields, cookies), less what speaks of content.
 */
export const problemFor = (c: Context, thrown: unknown): Response => {
  const response = hasResponse(thrown)
    ? thrown.getResponse()
    : problemResponse(asProxyError(thrown), {
        requestId: knownIdOf(c)?.id,
        accept: firstValue(arrivalOf(c).fields, "accept"),
      });
  return keepFieldsSoFar(c, response);
};

export interface ErrorBoundaryOptions {
  /** Called with every failure and its cause, before the answer is made. For logs: what it throws is ignored. */
  readonly onFailure?: ((error: ProxyError, c: Context) => void) | undefined;
}

const NO_DATA: Schema<object> = object("", {});

/**
 * Turns whatever is thrown behind it into a problem answer: a `ProxyError` by its code, anything else into a 500
 * that tells nothing. Errors with an answer of their own (Hono's `HTTPException`) keep it. What other middleware adds to
 * responses is on it, whichever of them stands first; see `problemFor`.
 *
 * Hono hands errors to `onError` before middleware sees them, so the boundary replaces what that answered, be it
 * the app's or one of a sub-app that was mounted behind the boundary. An app that wants its own pages does
 * without the boundary there, and uses `problemFor` in its `onError` for the rest.
 *
 * @throws TypeError naming the option that is wrong.
 */
export const errorBoundary = (options: ErrorBoundaryOptions = {}): MiddlewareHandler => {
  const { onFailure } = readOptions("errorBoundary", options, NO_DATA, ["onFailure"]);
  const answer = (c: Context, thrown: unknown): Promise<void> => {
    const error = asProxyError(thrown);
    try {
      onFailure?.(error, c);
    } catch {
      // A log's failure is not the request's.
    }
    return answerInstead(c, withRememberedEdits(c, problemFor(c, error)));
  };
  return async (c, next) => {
    try {
      await next();
    } catch (thrown) {
      // What is not an `Error` passes by `onError`.
      await answer(c, thrown);
      return;
    }
    const { error } = c;
    if (error !== undefined && !hasResponse(error)) await answer(c, error);
  };
};
